import { conflict, newId, notFound } from '@cairn/kernel';
import { audit, emergencyClearance, type PersonActor, type Tx } from '@cairn/platform';

/** One time that somebody broke the glass. */
export interface BrokenGlass {
  readonly id: string;
  readonly person: string;
  readonly personName: string;
  readonly patientId: string;
  readonly reason: string;
  readonly beginsAt: Date;
  readonly endsAt: Date;
  readonly reviewedAt: Date | null;
  readonly reviewedBy: string | null;
  readonly reviewNote: string | null;
}

const COLUMNS = `id, person, person_name as "personName", patient_id as "patientId", reason, begins_at as "beginsAt", ends_at as "endsAt",
  reviewed_at as "reviewedAt", reviewed_by as "reviewedBy", review_note as "reviewNote"`;

/**
 * Lets a person past those labels of one patient's records that the table of data classes says, for so many minutes of real time: no
 * demo's clock prolongs it. Refuses with `not-found` a patient who isn't there; one whom the person can't see counts.
 */
export async function breakGlass(tx: Tx, actor: PersonActor, { patientId, reason, minutes }: { readonly patientId: string; readonly reason: string; readonly minutes: number }): Promise<BrokenGlass> {
  const known = await tx.query(`select fhir_patients_named(array['Patient'], $1::text[])`, [[patientId]]);
  if (known.length === 0) throw notFound('The patient');
  const [glass] = await tx.query<BrokenGlass>(
    `insert into fhir_break_glass (clinic_id, id, person, person_name, patient_id, labels, reason, begins_at, ends_at)
      values ($1, $2, $3, $4, $5, $6, $7, now(), now() + make_interval(mins => $8)) returning ${COLUMNS}`,
    [tx.scope.clinicId, newId(), `person:${actor.id}`, actor.name, patientId, emergencyClearance(actor.roles), reason, minutes],
  );
  if (!glass) throw new Error('The store wrote nothing.');
  await audit(tx, { action: 'execute', what: 'break-glass', entities: [`Patient/${patientId}`], patients: [patientId], purpose: reason });
  return glass;
}

/** Broken glasses, newest first; those that nobody has reviewed, if that is asked. `before` is the id of the last one seen. */
export async function listBrokenGlass(tx: Tx, { unreviewed, before, limit }: { readonly unreviewed: boolean; readonly before?: string | undefined; readonly limit: number }): Promise<BrokenGlass[]> {
  return tx.query<BrokenGlass>(
    `select ${COLUMNS} from fhir_break_glass where clinic_id = $1 and (not $2 or reviewed_at is null) and ($3::uuid is null or id < $3) order by id desc limit $4`,
    [tx.scope.clinicId, unreviewed, before ?? null, limit],
  );
}

/** Records that somebody looked into it. Refuses with `not-found`, and with `conflict` what was reviewed already. */
export async function reviewBrokenGlass(tx: Tx, id: string, reviewer: string, note: string): Promise<BrokenGlass> {
  const [found] = await tx.query<BrokenGlass>(`select ${COLUMNS} from fhir_break_glass where clinic_id = $1 and id = $2 for update`, [tx.scope.clinicId, id]);
  if (!found) throw notFound('The record');
  if (found.reviewedAt) throw conflict('This was reviewed already.', { code: 'already-reviewed' });
  const [reviewed] = await tx.query<BrokenGlass>(
    `update fhir_break_glass set reviewed_at = now(), reviewed_by = $3, review_note = $4 where clinic_id = $1 and id = $2 returning ${COLUMNS}`,
    [tx.scope.clinicId, id, reviewer, note],
  );
  await audit(tx, { action: 'update', what: 'break-glass.review', patients: [found.patientId], purpose: note });
  return reviewed ?? found;
}
