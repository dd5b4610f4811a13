import { describe, expect, it } from '@jest/globals';
import type { Patient } from '@medplum/fhirtypes';
import { patientFacts } from './patient.fhir.js';

const now = new Date('2026-11-24T12:00:00Z');
const factsOf = (patient: Partial<Patient>) => patientFacts({ resourceType: 'Patient', id: 'p', ...patient }, 'US', now);

describe('the facts of a patient', () => {
  it('reads numbers as E.164, the mobile first, old ones not at all', () => {
    const facts = factsOf({
      telecom: [
        { system: 'phone', value: '(212) 555-0140', use: 'home' },
        { system: 'phone', value: '+34 612 345 678', use: 'mobile' },
        { system: 'phone', value: '212-555-0141', use: 'old' },
        { system: 'phone', value: '212-555-0142', period: { end: '2020-01-01' } },
        { system: 'phone', value: 'call my sister' },
        { system: 'fax', value: '212-555-0143' },
      ],
    });
    expect(facts.phones).toEqual(['+12125550140', '+34612345678']);
    expect(facts.textPhones).toEqual(['+34612345678', '+12125550140']);
  });

  it('does not text a number that can only be a fixed line', () => {
    expect(factsOf({ telecom: [{ system: 'phone', value: '+34 912 345 678' }] })).toMatchObject({ phones: ['+34912345678'], textPhones: [] });
  });

  it('keeps the rank that the record gives', () => {
    const telecom = [{ system: 'email' as const, value: 'second@example.org', rank: 2 }, { system: 'email' as const, value: 'first@example.org', rank: 1 }, { system: 'email' as const, value: 'no address' }];
    expect(factsOf({ telecom }).emails).toEqual(['first@example.org', 'second@example.org']);
  });

  it('speaks the preferred language', () => {
    const spoken = (code: string, preferred?: boolean) => ({ language: { coding: [{ system: 'urn:ietf:bcp:47', code }] }, ...(preferred ? { preferred } : {}) });
    expect(factsOf({ communication: [spoken('en'), spoken('es', true)] }).language).toBe('es');
    expect(factsOf({ communication: [spoken('fr-ca')] }).language).toBe('fr-CA');
    expect(factsOf({ communication: [spoken('not a tag')] }).language).toBeUndefined();
    expect(factsOf({}).language).toBeUndefined();
  });

  it('sees who needs an interpreter, who died and where the clock stands', () => {
    const extension = [{ url: 'http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired', valueBoolean: true }];
    expect(factsOf({ extension })).toMatchObject({ interpreterNeeded: true, accessNeeds: [{ code: 'interpreter', display: 'Interpreter needed' }] });
    expect(factsOf({ deceasedDateTime: '2026-01-01' }).deceased).toBe(true);
    expect(factsOf({ deceasedBoolean: false }).deceased).toBe(false);
    const zone = (valueCode: string) => ({ address: [{ extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/tz-code', valueCode }] }] });
    expect(factsOf(zone('America/Denver')).zone).toBe('America/Denver');
    expect(factsOf(zone('Nowhere/Land')).zone).toBeUndefined();
  });

  it('uses the usual name before the official one', () => {
    const name = [{ use: 'official' as const, given: ['Formal', 'Middle'], family: 'Name' }, { use: 'usual' as const, given: ['Usual'], family: 'Name' }];
    expect(factsOf({ name })).toMatchObject({ givenName: 'Usual', familyName: 'Name' });
  });
});
