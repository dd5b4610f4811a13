import { newId } from '@cairn/kernel';
import type { Statement } from '../database/query.js';
import type { Scope } from '../tenancy/scope.js';
import type { AuditFact } from './audit.js';

/** An access, and who had it. */
export interface Access {
  readonly scope: Scope;
  readonly fact: AuditFact;
}

interface Column {
  readonly name: string;
  readonly value: (access: Access) => string | null;
  /** Text where it isn't named. */
  readonly type?: 'uuid' | 'text[]';
}

/** No name of a resource and no id has a comma, so a list travels as one text. */
const list = (texts: readonly string[] | undefined): string => (texts ?? []).join(',');

/** What each access fills; clinic and time are those of the statement. */
const COLUMNS: readonly Column[] = [
  { name: 'id', type: 'uuid', value: () => newId() },
  { name: 'actor_kind', value: ({ scope }) => scope.actor.kind },
  { name: 'actor_id', value: ({ scope }) => scope.actor.id },
  { name: 'action', value: ({ fact }) => fact.action },
  { name: 'what', value: ({ fact }) => fact.what },
  { name: 'entities', type: 'text[]', value: ({ fact }) => list(fact.entities) },
  { name: 'patients', type: 'text[]', value: ({ fact }) => list(fact.patients) },
  { name: 'outcome', value: ({ fact }) => fact.outcome ?? 'success' },
  // The actor's own words, which may end in half a character; jsonb takes none.
  { name: 'purpose', value: ({ fact }) => fact.purpose?.toWellFormed() ?? null },
  { name: 'correlation_id', value: ({ scope }) => scope.correlationId },
  { name: 'actor_name', value: ({ scope: { actor } }) => ('name' in actor ? actor.name.toWellFormed() : null) },
  { name: 'connection_id', type: 'uuid', value: ({ scope: { actor } }) => (actor.kind === 'system' ? actor.connectionId : null) },
];

const names = COLUMNS.map(({ name }) => name).join(', ');

/** A column's value, by its place in the JSON array of an access. */
function valueAt({ type }: Column, place: number): string {
  const text = `a->>${place}`;
  if (type === 'text[]') return `string_to_array(${text}, ',')`;
  return type === 'uuid' ? `(${text})::uuid` : text;
}

// As one value: for a few rows, an array for each column costs PostgreSQL more than all else about the statement.
const TEXT = `insert into audit (clinic_id, recorded_at, ${names}) select $1::uuid, clock_timestamp(), ${COLUMNS.map(valueAt).join(', ')} from jsonb_array_elements($2::jsonb) as a`;

/** The statement that writes accesses of one clinic down. */
export const auditInsert = (clinicId: string, accesses: readonly Access[]): Statement => ({
  name: 'audit-insert',
  plannedOnce: true,
  text: TEXT,
  values: [clinicId, JSON.stringify(accesses.map((access) => COLUMNS.map(({ value }) => value(access))))],
});
