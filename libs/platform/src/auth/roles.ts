import { forbidden } from '@cairn/kernel';
import type { Actor } from '../tenancy/scope.js';
import table from './permissions.json' with { type: 'json' };

export type Role = 'coordinator' | 'clinician' | 'conference-lead' | 'hospital-it' | 'clinic-administrator' | 'auditor';
export type Right = keyof typeof table.rights;

export const ROLES = table.roles as readonly Role[];
export const RIGHTS = Object.keys(table.rights) as readonly Right[];

/** Whether the word is a role that Cairn knows. */
export const isRole = (word: string): word is Role => (ROLES as readonly string[]).includes(word);

/** Whether the actor has the right, by the table `permissions.json`. Cairn's own jobs have every right; hospitals' systems have none here: they act on /fhir by their scopes. */
export function may(actor: Actor, right: Right): boolean {
  if (actor.kind === 'cairn') return true;
  if (actor.kind !== 'person') return false;
  const holders: readonly string[] = table.rights[right];
  return actor.roles.some((role) => holders.includes(role));
}

/** Refuses with `forbidden` unless the actor has the right; the message names the roles that do. */
export function demand(actor: Actor, right: Right): void {
  if (!may(actor, right)) {
    throw forbidden(`This needs the right "${right}", which these roles have: ${table.rights[right].join(', ')}.`, { code: 'right-missing' });
  }
}
