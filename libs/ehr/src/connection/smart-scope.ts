const SYSTEM_SCOPE = /^system\/(\*|[A-Z][A-Za-z]+)\.(\*|read|write|c?r?u?d?s?)(\?\S+)?$/;
const V1: Record<string, string> = { read: 'rs', write: 'cud', '*': 'cruds' };
const LETTER = { create: 'c', read: 'r', update: 'u', delete: 'd', search: 's' } as const;

/** What one SMART system scope grants: a type or `*`, letters of v2, and whether a query narrows it. Undefined for any other scope. */
function read(scope: string): { type: string; letters: string; narrowed: boolean } | undefined {
  const [, type, permission, query] = SYSTEM_SCOPE.exec(scope) ?? [];
  return type && permission ? { type, letters: V1[permission] ?? permission, narrowed: query !== undefined } : undefined;
}

/** The first word of a blank-separated list that is no SMART system scope, v1 (`system/Task.read`) or v2 (`system/Task.rs`). */
export const firstOddScope = (scopes: string): string | undefined => scopes.split(/\s+/).find((scope) => scope && !read(scope));

/** Whether granted scopes allow an interaction on every resource of a type: those narrowed by a query don't count. */
export const allows = (granted: readonly string[], type: string, interaction: keyof typeof LETTER): boolean =>
  granted.some((scope) => {
    const grant = read(scope);
    return grant !== undefined && !grant.narrowed && (grant.type === '*' || grant.type === type) && grant.letters.includes(LETTER[interaction]);
  });
