import type { Interaction } from './capabilities.js';
import { Refusal } from './outcome.js';

type Action = 'c' | 'r' | 'u' | 'd' | 's';

interface Scope {
  type: string;
  actions: string;
}

const V1: Record<string, string> = { read: 'rs', write: 'cud', '*': 'cruds' };
const ACTION: Record<string, Action> = {
  create: 'c', read: 'r', vread: 'r', 'history-instance': 'r', 'search-type': 's', update: 'u', patch: 'u', delete: 'd',
};

/** Reads a SMART system scope, v1 (`system/Task.read`) or v2 (`system/Task.rs`). Anything else, and v2 scopes narrowed by a query, is not understood. */
export function parseScope(text: string): Scope | undefined {
  const [, type, permissions] = /^system\/(\*|[A-Z][A-Za-z]+)\.(\*|read|write|[cruds]+)$/.exec(text) ?? [];
  if (!type || !permissions) return undefined;
  const actions = V1[permissions] ?? permissions;
  return /^c?r?u?d?s?$/.test(actions) || V1[permissions] ? { type, actions } : undefined;
}

function covers(granted: string, { type, actions }: Scope): boolean {
  const scope = parseScope(granted);
  return scope !== undefined && (scope.type === '*' || scope.type === type) && [...actions].every((action) => scope.actions.includes(action));
}

/** Returns those of the asked scopes that the registered ones cover (both lists are separated by blanks). */
export function grantScopes(asked: string, registered: string): string[] {
  return asked.split(' ').filter((text) => {
    const scope = parseScope(text);
    return scope !== undefined && registered.split(' ').some((one) => covers(one, scope));
  });
}

/** Throws a Refusal unless one of the granted scopes allows the interaction. */
export function assertInScope({ code, type }: Interaction, granted: readonly string[]): void {
  const action = ACTION[code];
  if (action && granted.some((scope) => covers(scope, { type, actions: action }))) return;
  throw new Refusal(403, 'forbidden', `The token's scope does not allow ${code} on ${type}; it would need system/${type}.${action ?? '*'}`);
}
