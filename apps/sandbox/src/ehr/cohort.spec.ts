import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Bundle, Observation, Patient } from '@medplum/fhirtypes';
import { admit, readBundles, resolveBundle } from './cohort.js';
import { loadDefinitions } from './definitions.js';
import { HospitalRepository } from './hospital-repository.js';
import { inventCohort } from './invented-cohort.js';
import { readRecords } from './patient-record.js';
import { completeRegistration } from './registration.js';

const NOW = new Date('2026-11-22T10:00:00Z');
const named = (bundles: Bundle[]) => bundles.map((bundle, index) => ({ name: `bundle ${index}`, bundle }));

beforeAll(loadDefinitions);

describe('The invented cohort', () => {
  const bundles = inventCohort(1, NOW);
  const patients = bundles.flatMap(resolveBundle).filter((resource): resource is Patient & { id: string } => resource.resourceType === 'Patient');

  it('is the same for the same seed, and other people for another', () => {
    expect(inventCohort(1, NOW)).toEqual(bundles);
    expect(inventCohort(2, NOW)).not.toEqual(bundles);
  });

  it('is varied: three languages, interpreters, different ways to be reached, no name twice', () => {
    const languages = new Set(patients.map((patient) => patient.communication?.[0]?.language.coding?.[0]?.code));
    expect([...languages].toSorted()).toEqual(['en', 'es', 'fr']);
    expect(patients.some((patient) => patient.extension?.[0]?.valueBoolean)).toBe(true);
    expect(new Set(patients.map((patient) => patient.telecom?.map((contact) => contact.system).join('+')))).toEqual(new Set(['email+sms', 'sms', 'email']));
    expect(new Set(patients.map((patient) => patient.name?.[0]?.given?.join() + (patient.name?.[0]?.family ?? ''))).size).toBe(patients.length);
  });

  it.each([1, 2, 3])('is taken in whole by the hospital (seed %i), measured within the scales', async (seed) => {
    const repository = new HospitalRepository(() => undefined);
    const admission = await admit(repository, named(inventCohort(seed, NOW)));
    expect(admission).toMatchObject({ admittedPatients: 8, knownPatients: 0, completed: [], refused: [] });
    const records = await readRecords(repository);
    for (const { observations, conditions, medicationRequests } of records) {
      expect(conditions.length).toBeGreaterThan(0);
      expect(medicationRequests.length).toBeGreaterThan(0);
      expect(observations.every(({ valueQuantity }) => valueQuantity?.value !== undefined && valueQuantity.value >= 0 && valueQuantity.value <= 10)).toBe(true);
    }
  });
});

describe('Taking patients in', () => {
  const bundle: Bundle = {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [
      { fullUrl: 'urn:uuid:6f1c9c2e-54bb-4d1c-8d39-0f6a64ad7a10', resource: { resourceType: 'Patient', name: [{ family: 'Nobody' }], telecom: [{ system: 'phone', value: '555-0100', use: 'home' }] } },
      {
        fullUrl: 'urn:uuid:a45b1b39-6d58-4a59-9c65-3a1d9e0a1c11',
        resource: {
          resourceType: 'Condition',
          subject: { reference: 'urn:uuid:6f1c9c2e-54bb-4d1c-8d39-0f6a64ad7a10' },
          recorder: { reference: 'Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|9999', display: 'Dr Nobody' },
        },
      },
      { fullUrl: 'urn:uuid:c1f3f1de-6b7c-4a02-8a63-0f9e6a2f7f12', resource: JSON.parse('{"resourceType":"Observation","status":"final"}') as Observation },
    ],
  };

  it('keeps ids, resolves references within the Bundle and makes conditional ones logical', () => {
    const [patient, condition] = resolveBundle(bundle);
    expect(patient?.id).toBe('6f1c9c2e-54bb-4d1c-8d39-0f6a64ad7a10');
    expect(condition).toMatchObject({
      subject: { reference: 'Patient/6f1c9c2e-54bb-4d1c-8d39-0f6a64ad7a10' },
      recorder: { type: 'Practitioner', identifier: { system: 'http://hl7.org/fhir/sid/us-npi', value: '9999' }, display: 'Dr Nobody' },
    });
  });

  it('completes the registration and says so, refuses what is not valid and says why, and does nothing twice', async () => {
    const repository = new HospitalRepository(() => undefined);
    const first = await admit(repository, named([bundle]));
    expect(first).toMatchObject({ admittedPatients: 1, resources: 2, completed: [{ added: ['e-mail address', 'mobile number', 'language'] }] });
    expect(first.refused).toEqual([{ name: 'bundle 0: Observation/c1f3f1de-6b7c-4a02-8a63-0f9e6a2f7f12', reason: expect.stringContaining('Observation.code') }]);
    expect(await admit(repository, named([bundle]))).toMatchObject({ admittedPatients: 0, knownPatients: 1, resources: 0, completed: [] });
  });

  it('names the folder that cannot be read', async () => {
    await expect(readBundles('/nowhere/at/all').next()).rejects.toThrow('/nowhere/at/all');
  });
});

describe('The registration clerk', () => {
  it('adds a number of the range kept for fiction, and touches nothing that is there', () => {
    const bare: Patient = { resourceType: 'Patient', id: 'p1' };
    const { patient, added } = completeRegistration(bare);
    expect(added).toEqual(['e-mail address', 'mobile number', 'language']);
    expect(patient.telecom?.find((contact) => contact.system === 'sms')?.value).toMatch(/^\+1\d{3}55501\d{2}$/);
    expect(patient.meta?.tag?.[0]?.code).toBe('completed-by-registration');
    expect(completeRegistration(patient)).toEqual({ patient, added: [] });
  });
});
