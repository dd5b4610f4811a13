import { describe, expect, it } from '@jest/globals';
import type { Patient } from '@medplum/fhirtypes';
import { demographicsOf } from './demographics.js';
import { compare } from './match-score.js';

const base: Patient = {
  resourceType: 'Patient',
  name: [{ family: "O'Brien", given: ['Mary'] }],
  gender: 'female',
  birthDate: '1980-03-12',
  telecom: [{ system: 'phone', value: '+41 79 123 45 67' }, { system: 'email', value: 'mary@example.org' }],
  address: [{ line: ['Main Street 1'], city: 'Bern', postalCode: '3000' }],
};

const gradeOf = (asked: Partial<Patient>, found: Partial<Patient> = {}) => compare(demographicsOf({ ...base, ...asked }), demographicsOf({ ...base, ...found }))?.grade ?? 'none';

describe('how alike two patients are', () => {
  it.each<[string, string, Partial<Patient>]>([
    ['all agrees', 'certain', {}],
    ['accents, case and punctuation', 'certain', { name: [{ family: 'OBRIEN', given: ['Márý'] }] }],
    ['a number without the country', 'certain', { telecom: [{ system: 'phone', value: '079 123 45 67' }], address: [] }],
    ['a maiden name', 'certain', { name: [{ family: 'Married', given: ['Mary'] }, { family: "O'Brien", given: ['Mary'], use: 'maiden' }] }],
    ['no gender', 'certain', { gender: 'unknown' }],
    ['another gender', 'probable', { gender: 'male' }],
    ['one letter wrong', 'probable', { name: [{ family: "O'Brian", given: ['Mary'] }] }],
    ['an initial', 'probable', { name: [{ family: "O'Brien", given: ['M.'] }] }],
    ['day and month exchanged', 'probable', { birthDate: '1980-12-03' }],
    ['one digit wrong', 'probable', { birthDate: '1981-03-12' }],
    ['only the year', 'probable', { birthDate: '1980' }],
    ['nothing to reach her by', 'probable', { telecom: [], address: [] }],
    ['another given name, as a twin', 'probable', { name: [{ family: "O'Brien", given: ['Jane'] }] }],
    ['somebody else at the same address', 'none', { name: [{ family: 'Smith', given: ['John'] }], birthDate: '1950-01-01', gender: 'male', telecom: [] }],
  ])('%s: %s', (_what, grade, asked) => {
    expect(gradeOf(asked)).toBe(grade);
    expect(compare(demographicsOf(base), demographicsOf({ ...base, ...asked }))?.grade ?? 'none').toBe(grade);
  });

  it('takes a name alone for nothing, however alike', () => {
    expect(compare(demographicsOf({ resourceType: 'Patient', name: [{ family: "O'Brien", given: ['Mary'] }] }), demographicsOf(base))).toBeUndefined();
  });

  it('takes a namespaced identifier as certain, unless name and birth date both contradict it', () => {
    const identifier = [{ system: 'urn:mrn', value: '1' }];
    expect(compare(demographicsOf({ resourceType: 'Patient', identifier }), demographicsOf({ ...base, identifier }))).toEqual({ score: 1, grade: 'certain' });
    expect(gradeOf({ identifier, name: [{ family: 'Smith' }] }, { identifier })).toBe('certain');
    expect(gradeOf({ identifier, name: [{ family: 'Smith' }], birthDate: '1950-01-01' }, { identifier })).toBe('probable');
  });

  it('never goes beyond 1 or below 0', () => {
    const other: Patient = { resourceType: 'Patient', name: [{ family: 'X', given: ['Y'] }], birthDate: '2000-01-01' };
    for (const found of [base, other]) {
      const score = compare(demographicsOf(base), demographicsOf(found))?.score ?? 0;
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(1);
    }
  });
});
