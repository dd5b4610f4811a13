import { CairnError, forbidden } from '@cairn/kernel';
import { roleMay, typesOf, type Actor, type DataAct, type PersonActor } from '@cairn/platform';
import { needsTerminology } from '../search/coded-criteria.js';
import type { Restriction } from '../search/criterion-sql.js';
import type { Criterion } from '../search/criterion.js';
import { readQuery } from '../search/search-query.js';
import { readScope, type Grant, type Permission } from './scopes.js';

const EVERYTHING: Grant = { type: '*', permissions: new Set<Permission>(['c', 'r', 'u', 'd', 's']) };
/** Who saw what is for those who oversee it, not for those whom it is about. */
const OVERSIGHT: ReadonlySet<string> = new Set(typesOf('oversight'));
const READING: Grant = { type: '*', except: OVERSIGHT, permissions: new Set<Permission>(['r', 's']) };
const WRITING: Grant = { type: '*', except: OVERSIGHT, permissions: new Set<Permission>(['c', 'u', 'd']) };
const OVERSEEING: readonly Grant[] = typesOf('oversight').map((type) => ({ type, permissions: new Set<Permission>(['r', 's']) }));

const WORDS: Readonly<Record<Permission, string>> = { c: 'create', r: 'read', u: 'update', d: 'delete', s: 'search' };

const holds = ({ roles }: PersonActor, dataClass: string, act: DataAct): boolean => roles.some((role) => roleMay(role, dataClass, act));

/**
 * What an actor may do on /fhir by type: a system by its SMART scopes, a person by the table of data classes, Cairn's own jobs everything.
 * Whose patients it may see is another matter, which row-level security decides.
 */
export class AccessPolicy {
  private constructor(private readonly grants: readonly Grant[]) {}

  static for(actor: Actor): AccessPolicy {
    switch (actor.kind) {
      case 'cairn':
        return new AccessPolicy([EVERYTHING]);
      case 'system':
        return new AccessPolicy(actor.scopes.flatMap((scope) => readScope(scope) ?? []));
      case 'person':
        return new AccessPolicy([
          ...(holds(actor, 'clinical', 'read') ? [READING] : []),
          ...(holds(actor, 'clinical', 'write') ? [WRITING] : []),
          ...(holds(actor, 'oversight', 'read') ? OVERSEEING : []),
        ]);
      case 'patient':
        return new AccessPolicy([]);
    }
  }

  /** Whether the actor may do this with some resource of the type. */
  allows(permission: Permission, type: string): boolean {
    return this.#grantsFor(permission, type).length > 0;
  }

  /** Refuses with 403 unless the actor may; the message names the scope that would allow it. */
  demand(permission: Permission, type: string): void {
    if (!this.allows(permission, type)) {
      throw forbidden(`You may not ${WORDS[permission]} ${type}. A scope such as system/${type}.${permission} would allow it.`, { code: 'scope-missing' });
    }
  }

  /** What a resource of the type must meet so that the actor may do this with it; undefined where all may be. */
  restriction(permission: Permission, type: string): Restriction {
    return restrictionOf(type, this.#grantsFor(permission, type));
  }

  /**
   * What a resource of the type must meet so that the actor may have it among all others, without naming it: a right that covers both
   * reading and searching. Undefined where all may be had, an empty list where none.
   */
  listing(type: string): Restriction {
    return restrictionOf(type, this.#grantsFor('r', type).filter(({ permissions }) => permissions.has('s')));
  }

  #grantsFor(permission: Permission, type: string): Grant[] {
    return this.grants.filter((grant) => (grant.type === '*' ? !grant.except?.has(type) : grant.type === type) && grant.permissions.has(permission));
  }
}

/** What the grants' queries ask of a resource of the type. */
function restrictionOf(type: string, grants: readonly Grant[]): Restriction {
  if (grants.some(({ query }) => query === undefined)) return undefined;
  return grants.flatMap(({ query }) => {
    const criteria = readCriteria(type, query ?? '');
    return criteria ? [criteria] : [];
  });
}

/** The conditions of a scope. A scope whose query makes no sense for the type grants nothing: it must not be read as wider than it was meant. */
function readCriteria(type: string, query: string): readonly Criterion[] | undefined {
  try {
    const { criteria } = readQuery(type, new URLSearchParams(query), true);
    // Rights must not change with what is stored, so they can't depend on value sets.
    return criteria.length > 0 && !criteria.some(needsTerminology) ? criteria : undefined;
  } catch (error) {
    if (error instanceof CairnError) return undefined;
    throw error;
  }
}
