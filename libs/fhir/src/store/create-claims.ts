import { createHash } from 'node:crypto';
import type { Tx } from '@cairn/platform';

/** Stands for "no connection" in a key. */
export const NO_CONNECTION = '00000000-0000-0000-0000-000000000000';

/** The criteria of a conditional create, in the form in which two of them are compared. */
export interface CreateCriteria {
  readonly type: string;
  readonly criteria: string;
}

/**
 * Makes identical conditional creates wait for each other: each puts a row under a unique key before it looks for matches, and the row is
 * gone when its transaction ends, so only one at a time is between its search and its insert. What a hospital's system claims never meets
 * another's claim.
 */
export async function claimCreates(tx: Tx, creates: readonly CreateCriteria[]): Promise<void> {
  if (creates.length === 0) return;
  const keys = [...new Map(creates.map((create) => [`${create.type}?${create.criteria}`, create])).entries()].sort(([a], [b]) => (a < b ? -1 : 1));
  const { actor } = tx.scope;
  const values = [
    tx.scope.clinicId,
    (actor.kind === 'system' ? actor.connectionId : null) ?? NO_CONNECTION,
    keys.map(([, { type }]) => type),
    keys.map(([, { criteria }]) => createHash('sha256').update(criteria).digest('hex')),
  ];
  await tx.query({
    name: 'fhir-claim',
    text: `insert into fhir_create_claim (clinic_id, connection_id, resource_type, criteria)
      select $1, $2, type, decode(criteria, 'hex') from unnest($3::text[], $4::text[]) as c (type, criteria)`,
    values,
  });
  await tx.query({
    name: 'fhir-claim-release',
    text: `delete from fhir_create_claim c using unnest($3::text[], $4::text[]) as k (type, criteria)
      where c.clinic_id = $1 and c.connection_id = $2 and c.resource_type = k.type and c.criteria = decode(k.criteria, 'hex')`,
    values,
  });
}
