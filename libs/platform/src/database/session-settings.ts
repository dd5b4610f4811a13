import { isUuid } from '@cairn/kernel';
import type { ClientBase } from 'pg';
import { clearanceOf } from '../auth/data-classes.js';
import type { Scope } from '../tenancy/scope.js';
import type { LeadStatement } from './led-query.js';
import type { Statement } from './query.js';

/**
 * What row-level security is told of a scope: each setting with its value. They hold until the transaction ends, so that a connection keeps
 * nothing of whom it served before.
 */
const SETTINGS: Readonly<Record<string, (scope: Scope) => string>> = {
  'cairn.clinic_id': ({ clinicId }) => identifier(clinicId),
  'cairn.connection_id': ({ actor }) => identifier(actor.kind === 'system' ? actor.connectionId : null),
  // Nobody for Cairn's own work.
  'cairn.actor': ({ actor: { kind, id } }) => (kind === 'cairn' ? '' : `${kind}:${id}`),
  // Past which labels the actor may see.
  'cairn.clearance': ({ actor }) => String(clearanceOf(actor)),
};

const apply = Object.keys(SETTINGS)
  .map((name, index) => `set_config('${name}', $${index + 1}, true)`)
  .join(', ');

/** How a transaction may begin, each with the name under which it is prepared. */
const BEGINNINGS = {
  begin: 'cairn-begin',
  'begin read only': 'cairn-begin-reading',
  'begin isolation level repeatable read': 'cairn-begin-snapshot',
} as const;
const SETTLE = { name: 'cairn-settle', text: `select ${apply}` } as const;
const SETTLE_READING = { name: 'cairn-settle-reading', text: `select ${apply}, set_config('transaction_read_only', 'on', true)` } as const;

/** Leads statements that are planned for any values, until {@link PLAN_BY_VALUES} or the transaction's end. */
export const PLAN_ONCE = { name: 'cairn-plan-once', text: `select set_config('plan_cache_mode', 'force_generic_plan', true)`, values: [] } satisfies LeadStatement & Statement;
export const PLAN_BY_VALUES = { name: 'cairn-plan-by-values', text: `select set_config('plan_cache_mode', 'auto', true)`, values: [] } satisfies LeadStatement & Statement;

/** How work for a scope begins: what leads its first statement. */
export interface Opening {
  readonly begin: keyof typeof BEGINNINGS;
  readonly scope: Scope;
}

/** Begins a transaction for the scope. */
export const opening = ({ begin, scope }: Opening): LeadStatement[] => [
  { name: BEGINNINGS[begin], values: [] },
  { name: SETTLE.name, values: valuesOf(scope) },
];

/** Leads a statement that reads for the scope and stands alone. */
export const lookingAs = (scope: Scope): LeadStatement[] => [{ name: SETTLE_READING.name, values: valuesOf(scope) }];

/** Leads a statement that writes for the scope and stands alone. */
export const writingAs = (scope: Scope): LeadStatement[] => [{ name: SETTLE.name, values: valuesOf(scope) }];

/** Prepares these statements on a new connection, before anything is asked of it. */
export async function prepareSession(client: ClientBase): Promise<void> {
  const none = Object.keys(SETTINGS).map(() => '');
  for (const [text, name] of Object.entries(BEGINNINGS)) {
    await client.query({ name, text });
    await client.query('rollback');
  }
  for (const settle of [SETTLE, SETTLE_READING]) await client.query({ ...settle, values: none });
  for (const plan of [PLAN_ONCE, PLAN_BY_VALUES]) await client.query({ ...plan, values: [] });
}

/** All that row-level security is told of a scope, as one text: two of the same are shown the same rows. */
export const namedFor = (scope: Scope): string => valuesOf(scope).join(' ');

const valuesOf = (scope: Scope): string[] => Object.values(SETTINGS).map((valueIn) => valueIn(scope));

/** An id as a setting holds it; the empty text stands for none. */
function identifier(value: string | null): string {
  if (value === null) return '';
  if (!isUuid(value)) throw new Error('A clinic or connection id must be a UUID.');
  return value;
}
