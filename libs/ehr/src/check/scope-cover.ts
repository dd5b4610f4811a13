const V1: Record<string, string> = { read: 'rs', write: 'cud', '*': 'cruds' };
const LETTER = { create: 'c', read: 'r', update: 'u', delete: 'd', search: 's' } as const;

/** Whether granted SMART scopes, v1 (`system/Task.read`) or v2 (`system/Task.rs`), allow an interaction on a type. Scopes narrowed by a query don't count. */
export const allows = (granted: readonly string[], type: string, interaction: keyof typeof LETTER): boolean =>
  granted.some((scope) => {
    const [, scopeType, permission = ''] = /^system\/(\*|[A-Z][A-Za-z]+)\.(\*|read|write|[cruds]+)$/.exec(scope) ?? [];
    return (scopeType === '*' || scopeType === type) && (V1[permission] ?? permission).includes(LETTER[interaction]);
  });
