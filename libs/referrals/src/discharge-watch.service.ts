import { Inject, Injectable } from '@nestjs/common';
import { newId } from '@cairn/kernel';
import { FhirStore, type FhirCommandHandler, type FhirWrite } from '@cairn/fhir';
import { audit, type Tx } from '@cairn/platform';
import type { Reference, ResourceType } from '@medplum/fhirtypes';
import { continuingPain, earliestProcedure, mayComplete, painScoreCodes } from './discharge-rules.js';
import { idIn } from './referral-recognition.js';

/** Sees from what hospitals write that pain goes on after a procedure, and proposes a referral to the coordinator. */
@Injectable()
export class DischargeWatch implements FhirCommandHandler {
  readonly name = 'referral-proposals';
  readonly types: readonly ResourceType[] = ['Encounter', 'Procedure', 'Condition', 'Observation'];

  constructor(@Inject(FhirStore) private readonly store: FhirStore) {}

  async handle(tx: Tx, writes: readonly FhirWrite[]): Promise<void> {
    const now = tx.clock.now();
    const patients = new Set(writes.flatMap(({ resource }) => (resource && mayComplete(resource, now) && 'subject' in resource ? (idIn(resource.subject as Reference | undefined, 'Patient') ?? []) : [])));
    for (const patientId of patients) await this.#look(tx, patientId);
  }

  /** Proposes once for each procedure; not where the patient has been referred since, or stands on the worklist. Most patients have had no procedure lately, and of them nothing else is read. */
  async #look(tx: Tx, patientId: string): Promise<void> {
    const now = tx.clock.now();
    const latest = { patient: patientId, _count: '50', _sort: '-date' };
    const lately = { ...latest, date: `ge${earliestProcedure(now).toISOString()}` };
    const procedures = await this.store.search(tx, 'Procedure', { ...lately, status: 'completed' });
    if (procedures.length === 0) return;
    const record = {
      procedures,
      encounters: await this.store.search(tx, 'Encounter', { ...lately, status: 'finished' }),
      conditions: await this.store.search(tx, 'Condition', { patient: patientId, _count: '200' }),
      observations: await this.store.search(tx, 'Observation', { ...latest, code: painScoreCodes }),
    };
    const found = continuingPain(record, now);
    if (!found) return;
    const made = await tx.query<{ id: string }>({
      name: 'referral-propose',
      text: `insert into referral_proposal (clinic_id, id, patient_id, encounter_id, procedure_id, evidence, state, noted_at)
        select $1, $2, $3, $4, $5, $6, 'open', $7
        where not exists (select 1 from referral where clinic_id = $1 and patient_id = $3 and settled_at is null)
        on conflict (clinic_id, patient_id, procedure_id) do nothing returning id`,
      values: [tx.scope.clinicId, newId(), patientId, found.encounterId, found.procedureId, found.evidence, now],
    });
    if (made.length > 0) await audit(tx, { action: 'create', what: 'referral-proposal.note', entities: [`Encounter/${found.encounterId}`], patients: [patientId] });
  }
}
