import type { Reading } from '@cairn/platform';
import type { StoredVersion } from './stored-version.js';

/** The place of a version in the history of many resources. */
export interface HistoryPlace {
  readonly lastUpdated: string;
  readonly type: string;
  readonly id: string;
  readonly version: number;
}

/** Which part of the history of many resources is asked for. */
export interface HistoriesPage {
  readonly since?: Date;
  /** Only what comes behind this version. */
  readonly after?: HistoryPlace;
  readonly count: number;
}

const COLUMNS = `resource_type as "type", id, version, last_updated as "lastUpdated", method, patient_ids as "patientIds", owner,
  connection_id as "connectionId", body as "json", labels`;

/** One branch per table, each cut by its index before they are merged, so that a page costs the same however long the history is. */
const branch = (table: string, type: string): string => `
  (select ${COLUMNS} from ${table}
    where clinic_id = $1 and ${type} and last_updated >= $3 and last_updated <= $4
      and (last_updated < $4 or (resource_type, id, -version) > ($5, $6, -$7::int))
    order by last_updated desc, resource_type, id, version desc limit $8)`;

const statement = (type: string): string => `
  select * from (${branch('fhir_resource', type)} union all ${branch('fhir_history', type)}) v
  order by "lastUpdated" desc, "type", id, version desc limit $8`;

const ONE_TYPE = statement('resource_type = $2');
const SEVERAL_TYPES = statement('resource_type = any($2)');

/** Versions of all visible resources of these types, newest first; what was written at the same moment by type, id, and newest version. */
export async function readHistories(tx: Reading, types: readonly string[], { since, after, count }: HistoriesPage): Promise<StoredVersion[]> {
  const one = types.length === 1;
  return tx.query<StoredVersion>({
    name: one ? 'fhir-history-type' : 'fhir-history-system',
    text: one ? ONE_TYPE : SEVERAL_TYPES,
    values: [
      tx.scope.clinicId,
      one ? types[0] : types,
      since ?? '-infinity',
      after?.lastUpdated ?? 'infinity',
      after?.type ?? '',
      after?.id ?? '',
      after?.version ?? 0,
      count,
    ],
  });
}
