import { describe, expect, it } from '@jest/globals';
import { faultsOf } from './validate.js';

const faults = (resource: Record<string, unknown>): [string, string][] => faultsOf(resource).map(({ path, type }) => [path, type]);
const observation = (subject: Record<string, unknown>, more: Record<string, unknown> = {}): Record<string, unknown> => ({ resourceType: 'Observation', status: 'final', code: { text: 'pain' }, subject, ...more });

describe('what a reference may lead to', () => {
  it.each([
    ['a type that the element allows', { reference: 'Patient/1' }],
    ['a version of it', { reference: 'Patient/1/_history/2' }],
    ['one on another server', { reference: 'https://ehr.example/fhir/Group/1' }],
    ['one found by criteria', { reference: 'Patient?identifier=urn:mrn|1' }],
    ['what has no type yet', { reference: 'urn:uuid:c757873d-ec9a-4326-a141-556f43239520' }],
    ['an address that is not of FHIR', { reference: 'https://ehr.example/people/17' }],
    ['a person by identifier', { identifier: { value: '1' }, type: 'Patient' }],
  ])('%s', (_what, subject) => {
    expect(faults(observation(subject))).toEqual([]);
  });

  it.each([
    ['a type that the element does not allow', { reference: 'Encounter/1' }],
    ['such a type on another server', { reference: 'https://ehr.example/fhir/Encounter/1/_history/2' }],
    ['such a type found by criteria', { reference: 'Encounter?identifier=1' }],
    ['another type than the reference says', { reference: 'Patient/1', type: 'Group' }],
    ['such a type by identifier', { identifier: { value: '1' }, type: 'Encounter' }],
  ])('and not to %s', (_what, subject) => {
    expect(faults(observation(subject))).toEqual([['Observation.subject', 'invariant']]);
  });

  it.each(['/Patient/1', './Patient/1', 'Patient/1/', 'patient/1', 'Patient/1#x', 'Patient/1/_history', 'Patient', '1', 'Patient/a b', 'ht tps://ehr.example/Patient/1'])('and not to %s, which leads nowhere', (reference) => {
    expect(faults(observation({ reference }))).toEqual([['Observation.subject.reference', 'value']]);
  });

  it('holds for what is contained, and anything may be referred to where any resource may', () => {
    const inside = (type: string) => observation({ reference: '#in' }, { contained: [{ resourceType: type, id: 'in' }] });
    expect([faults(inside('Patient')), faults(inside('Practitioner'))]).toEqual([[], [['Observation.subject', 'invariant']]]);
    expect(faults({ resourceType: 'Basic', code: { text: 'x' }, subject: { reference: 'Encounter/1' } })).toEqual([]);
  });
});

describe('what stands in a Bundle', () => {
  const bundle = (type: string, fullUrl: string | undefined, resource: Record<string, unknown>) => ({ resourceType: 'Bundle', type, entry: [{ ...(fullUrl ? { fullUrl } : {}), resource }] });
  const patient = { resourceType: 'Patient', id: 'a' };

  it.each([
    ['https://ehr.example/fhir/Patient/b', patient],
    ['https://ehr.example/fhir/Person/a', patient],
  ])('does not disagree with its address %s', (fullUrl, resource) => {
    expect(faults(bundle('collection', fullUrl, resource))).toEqual([['Bundle.entry[0].fullUrl', 'invariant']]);
  });

  it('may be named by any other address, and by none before it is created', () => {
    for (const fullUrl of ['https://ehr.example/fhir/Patient/a', 'urn:uuid:c757873d-ec9a-4326-a141-556f43239520', 'https://ehr.example/people/17']) expect(faults(bundle('collection', fullUrl, patient))).toEqual([]);
    expect(faults(bundle('collection', 'https://ehr.example/fhir/Patient/a', { resourceType: 'Patient' }))).toEqual([]);
  });

  it('has an id where it was found', () => {
    expect(faults(bundle('searchset', undefined, { resourceType: 'Patient' }))).toEqual([['Bundle.entry[0].resource', 'invariant']]);
    expect(faults(bundle('searchset', undefined, { resourceType: 'OperationOutcome', issue: [{ severity: 'warning', code: 'informational' }] }))).toEqual([]);
  });

  it('names code systems and not value sets', () => {
    const code = { coding: [{ system: 'http://hl7.org/fhir/ValueSet/measure-type', code: 'x' }] };
    expect(faults({ resourceType: 'Basic', code })).toEqual([['Basic.code.coding[0].system', 'invariant']]);
  });
});
