import { invalid } from '@cairn/kernel';
import type { Tx } from '@cairn/platform';

const connectionOf = ({ scope: { actor } }: Tx): string | null => (actor.kind === 'system' ? actor.connectionId : null);

/** Lets the connection of the acting system see these patients: it has just created them. Does nothing for anybody else. */
export async function sharePatients(tx: Tx, patientIds: readonly string[]): Promise<void> {
  const connectionId = connectionOf(tx);
  if (connectionId !== null && patientIds.length > 0) await share(tx, connectionId, patientIds);
}

/**
 * Lets a connection see a patient and all that belongs to them, such as when a person has found that a hospital's patient is one the
 * clinic knows. Not for a hospital's own system to call: it could name any patient.
 */
export async function sharePatient(tx: Tx, connectionId: string, patientId: string): Promise<void> {
  await share(tx, connectionId, [patientId]);
}

async function share(tx: Tx, connectionId: string, patientIds: readonly string[]): Promise<void> {
  await tx.query({
    name: 'fhir-share',
    text: `insert into fhir_patient_share (clinic_id, connection_id, patient_id, shared_at)
      select $1, $2, id, $4 from unnest($3::text[]) as p (id) on conflict do nothing`,
    values: [tx.scope.clinicId, connectionId, patientIds, tx.clock.now()],
  });
}

/** Takes back what `sharePatient` gave, such as when the match was wrong. */
export async function unsharePatient(tx: Tx, connectionId: string, patientId: string): Promise<void> {
  await tx.query({
    name: 'fhir-unshare',
    text: 'delete from fhir_patient_share where clinic_id = $1 and connection_id = $2 and patient_id = $3',
    values: [tx.scope.clinicId, connectionId, patientId],
  });
}

/** The connections that a patient is shared with. */
export async function connectionsOf(tx: Tx, patientId: string): Promise<string[]> {
  const rows = await tx.query<{ connection_id: string }>({
    name: 'fhir-shares-of',
    text: 'select connection_id from fhir_patient_share where clinic_id = $1 and patient_id = $2 order by shared_at, connection_id',
    values: [tx.scope.clinicId, patientId],
  });
  return rows.map((row) => row.connection_id);
}

/**
 * Refuses with 422 when a hospital's system is about to write something on a patient who isn't shared with it. A patient of another
 * hospital and one who doesn't exist are refused alike.
 */
export async function knownPatients(tx: Tx, versions: readonly { readonly type: string; readonly id: string; readonly version: number; readonly patientIds: readonly string[] }[]): Promise<void> {
  const connectionId = connectionOf(tx);
  if (connectionId === null) return;
  const unknown = new Set(versions.flatMap(({ patientIds }) => patientIds));
  for (const { type, id, version } of versions) if (type === 'Patient' && version === 1) unknown.delete(id);
  if (unknown.size === 0) return;
  const rows = await tx.query<{ patient_id: string }>({
    name: 'fhir-shared',
    text: 'select patient_id from fhir_patient_share where clinic_id = $1 and connection_id = $2 and patient_id = any($3)',
    values: [tx.scope.clinicId, connectionId, [...unknown]],
  });
  for (const { patient_id } of rows) unknown.delete(patient_id);
  if (unknown.size === 0) return;
  throw invalid('A patient is referred to who is not known here. Create the Patient first, or in the same transaction.', {
    status: 422,
    code: 'unknown-patient',
    issues: [...unknown].map((id) => ({ path: 'reference', message: `Patient/${id} was not found.` })),
  });
}
