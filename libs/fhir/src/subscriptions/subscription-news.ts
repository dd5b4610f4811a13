import type { Tx } from '@cairn/platform';
import type { Resource, ResourceType } from '@medplum/fhirtypes';
import type { WriteMethod } from '../store/stored-version.js';
import type { ResourceStep } from './topic.js';

/** A write that nobody has weighed yet against the subscriptions. */
export interface News {
  readonly position: number;
  readonly type: ResourceType;
  readonly id: string;
  readonly version: number;
  readonly writtenAt: Date;
}

/** The oldest news of the clinic, at most `limit`. */
export async function readNews(tx: Tx, limit: number): Promise<News[]> {
  return tx.query<News>({
    name: 'fhir-news',
    text: `select position::float8 as position, resource_type as type, resource_id as id, version, written_at as "writtenAt"
      from fhir_news where clinic_id = $1 order by position limit $2`,
    values: [tx.scope.clinicId, limit],
  });
}

/** Takes these news away, as far as nobody else has, and returns the positions of those that were still there, in order. */
export async function takeNews(tx: Tx, positions: readonly number[]): Promise<number[]> {
  // Locked in one order, so that two who weigh the same news wait for each other.
  const rows = await tx.query<{ position: number }>({
    name: 'fhir-news-lock',
    text: 'select position::float8 as position from fhir_news where clinic_id = $1 and position = any($2::bigint[]) order by position for update',
    values: [tx.scope.clinicId, positions],
  });
  const there = rows.map(({ position }) => position);
  await tx.query({ name: 'fhir-news-take', text: 'delete from fhir_news where clinic_id = $1 and position = any($2::bigint[])', values: [tx.scope.clinicId, there] });
  return there;
}

interface VersionRow {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly method: WriteMethod;
  readonly json: string;
}

/** What each write did to its resource: the version it made, and the one before. Deletions are left out. */
export async function readSteps(tx: Tx, news: readonly News[]): Promise<Map<number, ResourceStep>> {
  const part = (table: string): string => `
    select v.resource_type as type, v.id, v.version, v.method, v.body as json from ${table} v
    join (select distinct * from unnest($2::text[], $3::text[], $4::int[]) as n (type, id, version)) n on v.resource_type = n.type and v.id = n.id and v.version = n.version
    where v.clinic_id = $1`;
  const wanted = news.flatMap(({ type, id, version }) => [{ type, id, version }, { type, id, version: version - 1 }]);
  const rows = await tx.query<VersionRow & { id: string }>({
    name: 'fhir-news-versions',
    text: `${part('fhir_resource')} union all ${part('fhir_history')}`,
    values: [tx.scope.clinicId, wanted.map(({ type }) => type), wanted.map(({ id }) => id), wanted.map(({ version }) => version)],
  });
  const versions = new Map(rows.filter(({ method }) => method !== 'DELETE').map((row) => [`${row.type}/${row.id}/${row.version}`, row]));
  const steps = new Map<number, ResourceStep>();
  for (const { position, type, id, version } of news) {
    const current = versions.get(`${type}/${id}/${version}`);
    const previous = versions.get(`${type}/${id}/${version - 1}`);
    if (current) steps.set(position, { current: JSON.parse(current.json) as Resource, ...(previous ? { previous: JSON.parse(previous.json) as Resource } : {}) });
  }
  return steps;
}
