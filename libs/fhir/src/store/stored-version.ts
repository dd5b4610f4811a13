import type { Reading } from '@cairn/platform';

/** How a version came to be. DELETE marks a tombstone, which has no body. */
export type WriteMethod = 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Whose word counts: what Cairn wrote or took over asks outside systems for If-Match and for the owning feature's consent. */
export type Owner = 'cairn' | 'outside';

/** One version of a resource, with what an answer tells of it. */
export interface FoundVersion {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly lastUpdated: Date;
  readonly method: WriteMethod;
  /** Logical ids of all patients that it refers to. */
  readonly patientIds: readonly string[];
  /** Its security labels and those of its patients, as bits. */
  readonly labels: number;
  /** The resource's JSON, exactly as it is answered; empty for a tombstone. */
  readonly json: string;
}

/** One version of a resource, as it stands in the store. */
export interface StoredVersion extends FoundVersion {
  readonly owner: Owner;
  /** The connection whose system created it, if it was one. */
  readonly connectionId: string | null;
}

/** The version that is in force, which has an entry in the index. */
export interface CurrentVersion extends StoredVersion {
  readonly seq: number;
}

export const isDeleted = ({ method }: FoundVersion): boolean => method === 'DELETE';

/** Names a resource: `Patient/1`. */
export const nameOf = ({ type, id }: { readonly type: string; readonly id: string }): string => `${type}/${id}`;

const COLUMNS = `resource_type as "type", id, version, last_updated as "lastUpdated", method, patient_ids as "patientIds", owner,
  connection_id as "connectionId", body as "json", labels`;

/** The columns of a {@link FoundVersion}, for a query over `fhir_resource`, which must be called `r`. Each costs a search something for each match. */
export const FOUND_COLUMNS = `r.resource_type as "type", r.id, r.version, r.last_updated as "lastUpdated", r.method, r.patient_ids as "patientIds", r.body as "json", r.labels`;

/** The columns of a {@link CurrentVersion}, for such a query. */
export const CURRENT_COLUMNS = `${FOUND_COLUMNS}, r.owner, r.connection_id as "connectionId", r.seq::float8 as "seq"`;

/** The version in force of each named resource that exists and is visible, tombstones included. With `lock`, nobody else changes them until the transaction ends. */
export async function readCurrent(tx: Reading, names: readonly { readonly type: string; readonly id: string }[], lock = false): Promise<Map<string, CurrentVersion>> {
  const rows = await tx.query<CurrentVersion>({
    name: lock ? 'fhir-read-locked' : 'fhir-read',
    // Locks are taken in one order, so that two bundles over the same resources wait for each other instead of deadlocking.
    text: `select ${CURRENT_COLUMNS} from fhir_resource r
      where r.clinic_id = $1 and (r.resource_type, r.id) in (select * from unnest($2::text[], $3::text[]))
      ${lock ? 'order by r.resource_type, r.id for update of r' : ''}`,
    values: [tx.scope.clinicId, names.map(({ type }) => type), names.map(({ id }) => id)],
  });
  return new Map(rows.map((row) => [nameOf(row), row]));
}

/** The version in force of one resource, tombstones included; undefined where there is none that is visible. */
export async function readOne(tx: Reading, type: string, id: string): Promise<CurrentVersion | undefined> {
  const [row] = await tx.query<CurrentVersion>({
    name: 'fhir-read-one',
    brief: true,
    text: `select ${CURRENT_COLUMNS} from fhir_resource r where r.clinic_id = $1 and r.resource_type = $2 and r.id = $3`,
    values: [tx.scope.clinicId, type, id],
  });
  return row;
}

/** One version of a resource, past or in force. */
export async function readVersion(tx: Reading, type: string, id: string, version: number): Promise<StoredVersion | undefined> {
  const [row] = await tx.query<StoredVersion>({
    name: 'fhir-read-version',
    brief: true,
    text: `select ${COLUMNS} from fhir_resource where clinic_id = $1 and resource_type = $2 and id = $3 and version = $4
      union all
      select ${COLUMNS} from fhir_history where clinic_id = $1 and resource_type = $2 and id = $3 and version = $4
      limit 1`,
    values: [tx.scope.clinicId, type, id, version],
  });
  return row;
}

/** Which part of a resource's history is asked for. */
export interface HistoryPage {
  /** Only versions since then. */
  readonly since?: Date;
  /** Only versions below this one. */
  readonly below?: number;
  readonly count: number;
}

/** Versions of one resource, newest first. */
export async function readHistory(tx: Reading, type: string, id: string, page: HistoryPage): Promise<StoredVersion[]> {
  return tx.query<StoredVersion>({
    name: 'fhir-history',
    text: `select * from (
        select ${COLUMNS} from fhir_resource where clinic_id = $1 and resource_type = $2 and id = $3
        union all
        select ${COLUMNS} from fhir_history where clinic_id = $1 and resource_type = $2 and id = $3
      ) v
      where version < $4 and "lastUpdated" >= $5
      order by version desc limit $6`,
    values: [tx.scope.clinicId, type, id, page.below ?? 2_147_483_647, page.since ?? '-infinity', page.count],
  });
}

/** How many versions a resource has, since then if that is asked. */
export async function countHistory(tx: Reading, type: string, id: string, since?: Date): Promise<number> {
  const [row] = await tx.query<{ count: number }>({
    name: 'fhir-history-count',
    text: `select (select count(*) from fhir_resource where clinic_id = $1 and resource_type = $2 and id = $3 and last_updated >= $4)::int
      + (select count(*) from fhir_history where clinic_id = $1 and resource_type = $2 and id = $3 and last_updated >= $4)::int as count`,
    values: [tx.scope.clinicId, type, id, since ?? '-infinity'],
  });
  return row?.count ?? 0;
}
