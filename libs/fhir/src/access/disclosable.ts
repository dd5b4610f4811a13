import type { Tx } from '@cairn/platform';

/** Whether the system of a connection may be told of a resource: its labels, its patient's Consents and what it sent itself decide. */
export async function isDisclosable(tx: Tx, connectionId: string, type: string, id: string): Promise<boolean> {
  const [row] = await tx.query<{ disclosable: boolean }>({ name: 'fhir-disclosable', text: 'select fhir_disclosable($1::uuid, $2, $3) as disclosable', values: [connectionId, type, id] });
  return row?.disclosable ?? false;
}
