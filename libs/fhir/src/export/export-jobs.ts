import { newId } from '@cairn/kernel';
import type { Actor, Tx } from '@cairn/platform';
import type { ExportLevel, ExportRequest } from './export-request.js';

/** An export as it stands in the database. */
export interface ExportJob {
  readonly id: string;
  /** Who asked, with the scopes held then: the export is made with the rights of this actor. */
  readonly actor: Actor;
  readonly requestUrl: string;
  readonly level: ExportLevel;
  readonly groupId: string | null;
  /** The only patients whose compartments it holds; null where it names none. */
  readonly patients: readonly string[] | null;
  readonly types: readonly string[];
  readonly filters: readonly string[];
  readonly since: Date | null;
  readonly state: 'waiting' | 'running' | 'complete' | 'failed' | 'removed';
  readonly run: number;
  readonly requestedAt: Date;
  readonly transactionTime: Date | null;
  readonly typesDone: number;
  readonly resources: number;
  readonly dueAt: Date;
}

/** How far a run has come. */
export interface ExportProgress {
  readonly typesDone: number;
  readonly resources: number;
}

const COLUMNS = `id, actor, request_url as "requestUrl", level, group_id as "groupId", patients, types, filters, since, state, run, requested_at as "requestedAt",
  transaction_time as "transactionTime", types_done as "typesDone", resources::float8 as "resources", due_at as "dueAt"`;

/** Puts an export down as due at once, and returns its id. */
export async function insertExport(tx: Tx, level: ExportLevel, groupId: string | undefined, requestUrl: string, { types, filters, since, patients }: ExportRequest): Promise<string> {
  const id = newId();
  const { clinicId, actor } = tx.scope;
  await tx.query({
    name: 'fhir-export-insert',
    text: `insert into fhir_export (clinic_id, id, actor, actor_kind, actor_id, connection_id, request_url, level, group_id, types, filters, since, state, requested_at, due_at, patients)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'waiting', $13, $13, $14)`,
    values: [
      clinicId, id, JSON.stringify(actor), actor.kind, actor.id, actor.kind === 'system' ? actor.connectionId : null,
      requestUrl, level, groupId ?? null, types, filters, since ?? null, tx.clock.now(), patients ?? null,
    ],
  });
  await tx.ring();
  return id;
}

/** How many exports of the actor are still to be made. */
export async function countUnfinished(tx: Tx): Promise<number> {
  const { clinicId, actor } = tx.scope;
  const [row] = await tx.query<{ count: number }>({
    name: 'fhir-export-unfinished',
    text: `select count(*)::int as count from fhir_export where clinic_id = $1 and actor_kind = $2 and actor_id = $3 and state in ('waiting', 'running')`,
    values: [clinicId, actor.kind, actor.id],
  });
  return row?.count ?? 0;
}

/** The export, if the acting caller asked for it and it has neither been removed nor expired. */
export async function findOwn(tx: Tx, id: string): Promise<ExportJob | undefined> {
  const { clinicId, actor } = tx.scope;
  const [job] = await tx.query<ExportJob>({
    name: 'fhir-export-own',
    text: `select ${COLUMNS} from fhir_export
      where clinic_id = $1 and id = $2 and actor_kind = $3 and actor_id = $4 and state <> 'removed' and (state in ('waiting', 'running') or due_at > $5)`,
    values: [clinicId, id, actor.kind, actor.id, tx.clock.now()],
  });
  return job;
}

/** Takes an export away. What runs is left its lease, at whose end nothing of it can still come in. */
export async function markRemoved(tx: Tx, { id }: ExportJob): Promise<void> {
  await tx.query({
    name: 'fhir-export-remove',
    text: `update fhir_export set state = 'removed', due_at = case when state = 'running' then due_at else $3 end where clinic_id = $1 and id = $2`,
    values: [tx.scope.clinicId, id, tx.clock.now()],
  });
  await tx.ring();
}

/** Begins a new run of an export that is due, and clears away what an earlier one left. Undefined where there is nothing to run. */
export async function claim(tx: Tx, id: string, leaseUntil: Date): Promise<ExportJob | undefined> {
  const [job] = await tx.query<ExportJob>({
    name: 'fhir-export-claim',
    text: `update fhir_export set state = 'running', run = run + 1, types_done = 0, resources = 0, due_at = $4
      where clinic_id = $1 and id = $2 and state in ('waiting', 'running') and due_at <= $3 returning ${COLUMNS}`,
    values: [tx.scope.clinicId, id, tx.clock.now(), leaseUntil],
  });
  if (job) await tx.query({ name: 'fhir-export-clear', text: 'delete from fhir_export_chunk where clinic_id = $1 and export_id = $2', values: [tx.scope.clinicId, id] });
  return job;
}

/** Prolongs the lease of a run and says how far it is. False when the run is over: it was cancelled, or another took its place. */
export async function report(tx: Tx, { id, run }: ExportJob, { typesDone, resources }: ExportProgress, leaseUntil: Date): Promise<boolean> {
  const rows = await tx.query({
    name: 'fhir-export-report',
    text: `update fhir_export set types_done = $4, resources = $5, due_at = $6 where clinic_id = $1 and id = $2 and run = $3 and state = 'running' returning 1`,
    values: [tx.scope.clinicId, id, run, typesDone, resources, leaseUntil],
  });
  return rows.length > 0;
}

/** Ends a run: its files can be fetched until they expire, or it is known to have failed. Clears away its parts when it was no longer wanted. */
export async function end(tx: Tx, { id, run }: ExportJob, state: 'complete' | 'failed', transactionTime: Date | null, { typesDone, resources }: ExportProgress, expires: Date): Promise<void> {
  const rows = await tx.query({
    name: 'fhir-export-end',
    text: `update fhir_export set state = $4, transaction_time = $5, types_done = $6, resources = $7, due_at = $8
      where clinic_id = $1 and id = $2 and run = $3 and state = 'running' returning 1`,
    values: [tx.scope.clinicId, id, run, state, transactionTime, typesDone, resources, expires],
  });
  if (rows.length > 0) return;
  await tx.query({ name: 'fhir-export-clear-run', text: 'delete from fhir_export_chunk where clinic_id = $1 and export_id = $2 and run = $3', values: [tx.scope.clinicId, id, run] });
}

/** Lets a run that failed be tried again at that time. */
export async function retry(tx: Tx, { id, run }: ExportJob, at: Date): Promise<void> {
  await tx.query({
    name: 'fhir-export-retry',
    text: `update fhir_export set state = 'waiting', due_at = $4 where clinic_id = $1 and id = $2 and run = $3 and state = 'running'`,
    values: [tx.scope.clinicId, id, run, at],
  });
}

/** Deletes an export that was removed or has expired, with its files. */
export async function sweepAway(tx: Tx, id: string): Promise<void> {
  const gone = await tx.query({
    name: 'fhir-export-delete',
    text: `delete from fhir_export where clinic_id = $1 and id = $2 and state in ('complete', 'failed', 'removed') and due_at <= $3 returning 1`,
    values: [tx.scope.clinicId, id, tx.clock.now()],
  });
  if (gone.length > 0) await tx.query({ name: 'fhir-export-clear', text: 'delete from fhir_export_chunk where clinic_id = $1 and export_id = $2', values: [tx.scope.clinicId, id] });
}
