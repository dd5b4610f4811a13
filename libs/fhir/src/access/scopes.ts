/** What may be done with resources, in SMART v2's letters: create, read, update, delete, search. */
export type Permission = 'c' | 'r' | 'u' | 'd' | 's';

/** One granted scope: what may be done with which types, and on which resources of them. */
export interface Grant {
  /** A resource type, or `*`. */
  readonly type: string;
  readonly permissions: ReadonlySet<Permission>;
  /** Types that `*` does not cover. */
  readonly except?: ReadonlySet<string>;
  /** Search parameters that a resource must meet, as a query string; absent for all resources of the type. */
  readonly query?: string;
}

const SCOPE = /^system\/(\*|[A-Za-z]+)\.(\*|read|write|[cruds]+)(?:\?(.+))?$/;

/** SMART v1 words and what they mean in v2 (SMART App Launch 2.2, scopes and launch context). */
const V1: Readonly<Record<string, string>> = { read: 'rs', write: 'cud', '*': 'cruds' };

/** Reads a SMART scope for systems, v1 or v2. Undefined for any other scope, which grants nothing here. */
export function readScope(scope: string): Grant | undefined {
  const [, type, letters, query] = SCOPE.exec(scope) ?? [];
  if (!type || !letters) return undefined;
  const permissions = V1[letters] ?? letters;
  // In v2 the letters stand in this order and each once; what is written otherwise is no scope.
  if (!/^c?r?u?d?s?$/.test(permissions) && !(letters in V1)) return undefined;
  return { type, permissions: new Set([...permissions] as Permission[]), ...(query ? { query } : {}) };
}
