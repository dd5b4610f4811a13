import { RealClock, type Clock } from '@cairn/kernel';
import type { Tx } from '@cairn/platform';
import type { Link } from '../delivery/parcel.js';

const clock: Clock = new RealClock();

interface LinkRow {
  resource_type: string;
  resource_id: string;
  form: string;
  form_version: number;
  remote_id: string;
  remote_version: string | null;
  placed_by: 'ehr' | 'cairn';
  agreed_hash: string | null;
}

/** The links of these resources (`Type/id`) at one connection. */
export async function linksOf(tx: Tx, connectionId: string, resources: readonly string[]): Promise<Link[]> {
  const rows = await tx.query<LinkRow>({
    name: 'ehr-links-of',
    text: `select resource_type, resource_id, form, form_version, remote_id, remote_version, placed_by, agreed_hash from ehr_resource_link
      where clinic_id = $1 and connection_id = $2 and (resource_type, resource_id) in (select split_part(r, '/', 1), split_part(r, '/', 2) from unnest($3::text[]) as r)`,
    values: [tx.scope.clinicId, connectionId, resources],
  });
  return rows.map((row) => ({
    resource: `${row.resource_type}/${row.resource_id}`,
    form: row.form,
    formVersion: row.form_version,
    remoteId: row.remote_id,
    remoteVersion: row.remote_version,
    placedBy: row.placed_by,
    agreedHash: row.agreed_hash,
  }));
}

/** Remembers what was learned; a link that is known already takes the newer facts. */
export async function rememberLinks(tx: Tx, connectionId: string, links: readonly Link[]): Promise<void> {
  for (const link of links) {
    const [type, id] = link.resource.split('/');
    await tx.query({
      name: 'ehr-link-put',
      text: `insert into ehr_resource_link (clinic_id, connection_id, resource_type, resource_id, form, form_version, remote_id, remote_version, placed_by, agreed_hash, learned_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        on conflict (clinic_id, connection_id, resource_type, resource_id, form, form_version) do update
        set remote_id = excluded.remote_id, remote_version = excluded.remote_version, placed_by = excluded.placed_by, agreed_hash = excluded.agreed_hash, learned_at = excluded.learned_at`,
      values: [tx.scope.clinicId, connectionId, type, id, link.form, link.formVersion, link.remoteId, link.remoteVersion, link.placedBy, link.agreedHash, clock.now()],
    });
  }
}

/** Forgets what was agreed with the EHR on this resource: what stands there now is taken as the ground of the next change. A person decides this. */
export async function acceptAsItStands(tx: Tx, connectionId: string, resource: string): Promise<void> {
  await tx.query({
    text: `update ehr_resource_link set agreed_hash = null, remote_version = null
      where clinic_id = $1 and connection_id = $2 and resource_type = split_part($3, '/', 1) and resource_id = split_part($3, '/', 2)`,
    values: [tx.scope.clinicId, connectionId, resource],
  });
}

/** Forgets which resources at the EHR stand for this one, such as when they were deleted there. A person decides this. */
export async function forgetLinks(tx: Tx, connectionId: string, resource: string): Promise<void> {
  await tx.query({
    text: `delete from ehr_resource_link
      where clinic_id = $1 and connection_id = $2 and resource_type = split_part($3, '/', 1) and resource_id = split_part($3, '/', 2)`,
    values: [tx.scope.clinicId, connectionId, resource],
  });
}
