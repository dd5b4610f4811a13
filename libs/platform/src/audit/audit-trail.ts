import type { Reading } from '../database/query.js';

/** One access as the trail holds it. */
export interface AuditRow {
  readonly id: string;
  readonly recordedAt: Date;
  readonly actorKind: string;
  readonly actorId: string;
  readonly actorName: string | null;
  /** The connection for whose system it was done, if for one. */
  readonly connectionId: string | null;
  readonly action: string;
  readonly what: string;
  readonly entities: readonly string[];
  readonly patients: readonly string[];
  readonly outcome: string;
  readonly purpose: string | null;
  readonly correlationId: string;
  /** Its place in the order of time, for the next page. */
  readonly place: AuditPlace;
}

/** Moment, in microseconds as text, and id. */
export type AuditPlace = readonly [recordedAt: string, id: string];

/** Which part of the trail is asked for. */
export interface AuditPage {
  /** SQL conditions on a row `a`, whose values are bound from `$2` on. */
  readonly conditions: readonly string[];
  readonly values: readonly unknown[];
  readonly newestFirst: boolean;
  /** Only what comes behind this place. */
  readonly after?: AuditPlace | undefined;
  readonly limit: number;
}

const COLUMNS = `a.id, a.recorded_at as "recordedAt", a.actor_kind as "actorKind", a.actor_id as "actorId", a.actor_name as "actorName",
  a.connection_id as "connectionId", a.action, a.what, a.entities, a.patients, a.outcome, a.purpose, a.correlation_id as "correlationId",
  array[a.recorded_at::text, a.id::text] as place`;

/** A page of the trail in the order of time, as far as the actor may see it. */
export async function readAuditTrail(tx: Reading, { conditions, values, newestFirst, after, limit }: AuditPage): Promise<AuditRow[]> {
  const bound = [tx.scope.clinicId, ...values];
  const add = (value: unknown): string => `$${bound.push(value)}`;
  const where = ['a.clinic_id = $1', ...conditions];
  if (after) where.push(`(a.recorded_at, a.id) ${newestFirst ? '<' : '>'} (${add(after[0])}::timestamptz, ${add(after[1])}::uuid)`);
  const direction = newestFirst ? ' desc' : '';
  return tx.query<AuditRow>(`select ${COLUMNS} from audit a where ${where.join(' and ')} order by a.recorded_at${direction}, a.id${direction} limit ${add(limit)}`, bound);
}

/** How many rows of the trail meet the conditions. */
export async function countAuditTrail(tx: Reading, { conditions, values }: Pick<AuditPage, 'conditions' | 'values'>): Promise<number> {
  const [row] = await tx.query<{ count: number }>(`select count(*)::int as count from audit a where ${['a.clinic_id = $1', ...conditions].join(' and ')}`, [tx.scope.clinicId, ...values]);
  return row?.count ?? 0;
}
