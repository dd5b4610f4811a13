import { describe, expect, it } from '@jest/globals';
import type { SystemActor } from '@cairn/platform';
import { AccessPolicy } from './access-policy.js';
import { readScope } from './scopes.js';

const system = (...scopes: string[]): SystemActor => ({ kind: 'system', id: 'c', name: 'c', connectionId: null, scopes });

describe('a scope', () => {
  it.each([
    ['system/Patient.read', 'rs'],
    ['system/Patient.write', 'cud'],
    ['system/*.*', 'cruds'],
    ['system/Observation.rs', 'rs'],
    ['system/Observation.cruds?category=x|y', 'cruds'],
  ])('%s is read', (scope, letters) => {
    expect([...(readScope(scope)?.permissions ?? [])].join('')).toBe(letters);
  });

  it.each(['patient/Patient.read', 'system/Patient', 'system/Patient.sr', 'system/Patient.rr', 'system/Patient.x', 'openid', 'system/../x.read', ''])('%s grants nothing', (scope) => {
    expect(readScope(scope)).toBeUndefined();
  });
});

describe('the access policy', () => {
  it('lets a system do what its scopes say, by type and by letter', () => {
    const policy = AccessPolicy.for(system('system/Patient.read', 'system/Observation.c'));
    expect(policy.allows('r', 'Patient')).toBe(true);
    expect(policy.allows('u', 'Patient')).toBe(false);
    expect(policy.allows('c', 'Observation')).toBe(true);
    expect(policy.allows('r', 'Observation')).toBe(false);
    expect(() => policy.demand('d', 'Patient')).toThrow(expect.objectContaining({ kind: 'forbidden', message: expect.stringContaining('system/Patient.d') }));
  });

  it('narrows a type by the query of its scopes, and never widens by one that makes no sense', () => {
    const narrow = AccessPolicy.for(system('system/Observation.rs?category=laboratory', 'system/Observation.r?nonsense=1'));
    expect(narrow.restriction('s', 'Observation')).toEqual([[expect.objectContaining({ name: 'category', values: ['laboratory'] })]]);
    expect(narrow.restriction('r', 'Observation')).toHaveLength(1);
    expect(AccessPolicy.for(system('system/Observation.r?nonsense=1')).restriction('r', 'Observation')).toEqual([]);
    expect(AccessPolicy.for(system('system/Observation.rs?category=laboratory', 'system/*.read')).restriction('s', 'Observation')).toBeUndefined();
  });

  it('lets people act by their role', () => {
    const person = (role: 'clinician' | 'coordinator' | 'hospital-it') => AccessPolicy.for({ kind: 'person', id: 'p', name: 'p', roles: [role] });
    expect(person('clinician').allows('u', 'Observation')).toBe(true);
    expect(person('coordinator').allows('r', 'Observation')).toBe(true);
    expect(person('coordinator').allows('c', 'Observation')).toBe(false);
    expect(person('hospital-it').allows('r', 'Patient')).toBe(false);
    expect(AccessPolicy.for({ kind: 'patient', id: 'x' }).allows('r', 'Patient')).toBe(false);
  });
});
