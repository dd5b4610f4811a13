import { Injectable } from '@nestjs/common';
import type { FhirCommandHandler, FhirWrite } from '@cairn/fhir';
import type { Tx } from '@cairn/platform';
import type { Appointment, Resource } from '@medplum/fhirtypes';
import { PLAN_FACTS_CHANGED } from './plan.events.js';

/** Hears of what outside systems write that review dates rest on, and passes it on as news: the dates are worked out by Cairn, not in the sender's transaction. */
@Injectable()
export class PlanFactsWatch implements FhirCommandHandler {
  readonly name = 'plans';
  readonly types = ['MedicationRequest', 'Appointment'] as const;

  async handle(tx: Tx, writes: readonly FhirWrite[]): Promise<void> {
    const patients = new Set(writes.flatMap(({ resource, previous }) => [resource, previous]).flatMap((resource) => patientsOf(resource)));
    if (patients.size === 0) return;
    const planned = await tx.query<{ patient_id: string }>({
      name: 'care-plan-active-of',
      text: `select patient_id from care_plan where clinic_id = $1 and patient_id = any($2) and state = 'active'`,
      values: [tx.scope.clinicId, [...patients]],
    });
    for (const { patient_id: patientId } of planned) await tx.emit(PLAN_FACTS_CHANGED, { patientId });
  }
}

const idIn = (reference: string | undefined): string[] => /^Patient\/([A-Za-z0-9\-.]{1,64})$/.exec(reference ?? '')?.slice(1) ?? [];

function patientsOf(resource: Resource | undefined): string[] {
  if (resource?.resourceType === 'MedicationRequest') return idIn(resource.subject?.reference);
  if (resource?.resourceType === 'Appointment') return participants(resource);
  return [];
}

const participants = ({ participant, status }: Appointment): string[] => (status === 'noshow' ? (participant ?? []).flatMap(({ actor }) => idIn(actor?.reference)) : []);
