import { describe, expect, it } from '@jest/globals';
import type { PersonActor } from '../tenancy/scope.js';
import table from './data-classes.json' with { type: 'json' };
import { DATA_CLASSES, bitOf, clearanceOf, emergencyClearance, labelBits, noticesFor, roleMay, type DataAct } from './data-classes.js';
import { ROLES } from './roles.js';

const CONFIDENTIALITY = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';
const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
const ACTS: readonly DataAct[] = ['read', 'write', 'breakGlass'];

const person = (...roles: PersonActor['roles']): PersonActor => ({ kind: 'person', id: 'p', name: 'p', roles });

describe('role × class of data × act', () => {
  const cells = Object.entries(table.classes).flatMap(([dataClass, row]) => ACTS.flatMap((act) => ROLES.map((role) => [role, act, dataClass, (row[act] as readonly string[]).includes(role)] as const)));

  it.each(cells)('%s %s %s: %s', (role, act, dataClass, allowed) => {
    expect(roleMay(role, dataClass, act)).toBe(allowed);
    const bit = bitOf(dataClass);
    if (bit === 0) return;
    if (act === 'read') expect((clearanceOf(person(role)) & bit) !== 0).toBe(allowed);
    if (act === 'breakGlass') expect((emergencyClearance([role]) & bit) !== 0).toBe(allowed);
  });

  it('names only roles that exist, in both columns and rows, and gives each label a bit of its own', () => {
    expect(table.roles).toEqual(ROLES);
    for (const row of Object.values(table.classes)) for (const act of ACTS) for (const role of row[act]) expect(ROLES).toContain(role);
    const bits = DATA_CLASSES.map(bitOf).filter((bit) => bit !== 0);
    expect(new Set(bits).size).toBe(bits.length);
    expect(bits.every((bit) => Number.isInteger(Math.log2(bit)))).toBe(true);
  });

  it('keeps clinical content from those who run the machinery, with a glass or without', () => {
    for (const role of ['hospital-it', 'clinic-administrator', 'auditor'] as const) {
      expect(clearanceOf(person(role))).toBe(0);
      expect(emergencyClearance([role])).toBe(0);
      expect(roleMay(role, 'clinical', 'read')).toBe(false);
    }
  });

  it('adds up the roles of a person, and lets systems past no label', () => {
    expect(clearanceOf(person('coordinator', 'clinician'))).toBe(clearanceOf(person('coordinator')) | clearanceOf(person('clinician')));
    expect(clearanceOf({ kind: 'system', id: 's', name: 's', connectionId: null, scopes: ['system/*.*'] })).toBe(0);
    expect(clearanceOf({ kind: 'cairn', id: 'job' })).toBe(-1);
  });
});

describe('security labels', () => {
  it.each([
    [{ system: ACT_CODE, code: 'PSYTHPN' }, 'psychotherapy'],
    [{ system: ACT_CODE, code: '42CFRPart2' }, 'substance-use'],
    [{ system: CONFIDENTIALITY, code: 'R' }, 'restricted'],
    [{ system: CONFIDENTIALITY, code: 'V' }, 'very-restricted'],
    [{ system: ACT_CODE, code: 'EMP' }, 'staff'],
  ])('%j are of the class %s', (label, dataClass) => {
    expect(labelBits([label])).toBe(bitOf(dataClass));
  });

  it('count only with their system, and not where nothing is to be guarded', () => {
    expect(labelBits([{ system: CONFIDENTIALITY, code: 'N' }, { system: 'urn:other', code: 'R' }, { code: 'R' }, {}])).toBe(0);
  });

  it('of substance use carry the notice of 42 CFR 2.32', () => {
    expect(noticesFor(bitOf('substance-use') | bitOf('restricted'))).toEqual(['42 CFR part 2 prohibits unauthorized use or disclosure of these records.']);
    expect(noticesFor(bitOf('restricted'))).toEqual([]);
  });
});
