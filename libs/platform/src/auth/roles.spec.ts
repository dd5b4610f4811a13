import { describe, expect, it } from '@jest/globals';
import type { Actor } from '../tenancy/scope.js';
import table from './permissions.json' with { type: 'json' };
import { RIGHTS, ROLES, demand, may } from './roles.js';

const person = (role: (typeof ROLES)[number]): Actor => ({ kind: 'person', id: 'p', name: 'p', roles: [role] });

describe('who may do what', () => {
  const cells = RIGHTS.flatMap((right) => ROLES.map((role) => [right, role, (table.rights[right] as readonly string[]).includes(role)] as const));

  it.each(cells)('%s by a %s: %s', (right, role, allowed) => {
    expect(may(person(role), right)).toBe(allowed);
  });

  it('names only roles that exist, and keeps clinical content from those who run the machinery', () => {
    for (const right of RIGHTS) for (const role of table.rights[right]) expect(ROLES).toContain(role);
    // A refused write is listed and sent again without its body.
    for (const right of RIGHTS.filter((name) => !/^(link|audit|demo)\.|^refusal\.(read|replay)$/.test(name))) {
      expect(may(person('hospital-it'), right)).toBe(false);
      expect(may(person('auditor'), right)).toBe(false);
    }
  });

  it('gives a system no right of a person, and says who has one', () => {
    expect(may({ kind: 'system', id: 'c', name: 'c', connectionId: null, scopes: ['system/*.*'] }, 'plan.read')).toBe(false);
    expect(() => demand(person('auditor'), 'plan.activate')).toThrow(/clinician/);
  });
});
