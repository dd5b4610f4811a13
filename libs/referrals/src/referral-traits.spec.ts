import { describe, expect, it } from '@jest/globals';
import type { Patient, ServiceRequest } from '@medplum/fhirtypes';
import { traitsOf } from './referral-traits.js';

const request: ServiceRequest = { resourceType: 'ServiceRequest', status: 'active', intent: 'order', subject: {}, identifier: [{ system: 'urn:placer', value: '1' }, { value: 'no system' }] };
const patient = (parts: Partial<Patient>): Patient => ({ resourceType: 'Patient', name: [{ family: 'Núñez', given: ['María José'] }], birthDate: '1980-05-01', ...parts });
const marks = (of: Patient): string[] => traitsOf(request, of).map(({ mark }) => mark);

describe('marks of the same request and the same person', () => {
  it('are the same however the name is written, and say nothing of who it is', () => {
    const [asked, person] = marks(patient({}));
    expect(marks(patient({ name: [{ family: 'NUNEZ', given: ['Maria-José', 'Ana'] }] }))).toEqual([asked, person]);
    expect(person).toMatch(/^person:[\w-]{32}$/);
    expect([asked, person].join(' ')).not.toMatch(/nunez|1980/i);
  });

  it('are none for half a date, a name without a given one, or a number without its system', () => {
    expect(marks(patient({ birthDate: '1980-05' }))).toHaveLength(1);
    expect(marks(patient({ name: [{ family: 'Núñez' }] }))).toHaveLength(1);
    expect(marks(patient({ name: [], identifier: [{ value: '7' }] }))).toHaveLength(1);
    expect(traitsOf(request, undefined)).toEqual([{ kind: 'same-request', mark: expect.any(String) }]);
  });
});
