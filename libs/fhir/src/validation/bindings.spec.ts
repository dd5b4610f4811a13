import { describe, expect, it } from '@jest/globals';
import { codesOf } from '../terminology/value-sets.js';
import { faultsOf } from './validate.js';

const faults = (resource: Record<string, unknown>): [string, string][] => faultsOf(resource).map(({ path, type }) => [path, type]);
const STATUS = 'http://terminology.hl7.org/CodeSystem/condition-clinical';
const condition = (clinicalStatus: unknown): Record<string, unknown> => ({ resourceType: 'Condition', subject: { reference: 'Patient/1' }, clinicalStatus });

describe('required value sets', () => {
  it('hold codes of their systems, nested ones included', () => {
    expect(codesOf('http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1')?.hasCode('female')).toBe(true);
    expect(codesOf('http://hl7.org/fhir/ValueSet/administrative-gender')?.hasCode('woman')).toBe(false);
    expect(codesOf('http://hl7.org/fhir/ValueSet/condition-clinical')?.hasCoding(STATUS, 'relapse')).toBe(true);
    expect(codesOf('http://hl7.org/fhir/ValueSet/condition-clinical')?.hasCoding(undefined, 'relapse')).toBe(false);
    expect(codesOf('http://hl7.org/fhir/ValueSet/none-of-that-name')).toBeUndefined();
  });

  it.each([
    ['http://hl7.org/fhir/ValueSet/currencies', 'EUR', 'Euro'],
    ['http://hl7.org/fhir/ValueSet/mimetypes', 'text/plain; charset=utf-8', 'text'],
    ['http://hl7.org/fhir/ValueSet/all-types', 'CodeableConcept', 'Anything'],
    ['http://hl7.org/fhir/ValueSet/resource-types', 'Patient', 'Bot'],
  ])('%s has %s and not %s', (url, good, bad) => {
    expect([codesOf(url)?.hasCode(good), codesOf(url)?.hasCode(bad)]).toEqual([true, false]);
  });

  it('bind a code at its element, wherever it stands', () => {
    expect(faults({ resourceType: 'Patient', gender: 'female', contact: [{ name: { text: 'x' }, gender: 'woman' }] })).toEqual([['Patient.contact[0].gender', 'code-invalid']]);
    expect(faults({ resourceType: 'Observation', status: 'finished', code: { text: 'x' } })).toEqual([['Observation.status', 'code-invalid']]);
  });

  it('bind a concept by one of its codings, with its system', () => {
    expect(faults(condition({ coding: [{ system: 'urn:other', code: 'a' }, { system: STATUS, code: 'active' }] }))).toEqual([]);
    expect(faults(condition({ coding: [{ system: STATUS, code: 'busy' }] }))).toEqual([['Condition.clinicalStatus', 'code-invalid']]);
    expect(faults(condition({ coding: [{ code: 'active' }] }))).toEqual([['Condition.clinicalStatus', 'code-invalid']]);
    expect(faults(condition({ text: 'active' }))).toEqual([['Condition.clinicalStatus', 'code-invalid']]);
  });

  it('leave alone what has extensions in place of a value', () => {
    const extension = [{ url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'unknown' }];
    expect(faults({ resourceType: 'Patient', _gender: { extension } })).toEqual([]);
    expect(faults(condition({ extension }))).toEqual([]);
  });
});
