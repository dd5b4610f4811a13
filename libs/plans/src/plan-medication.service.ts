import { Injectable } from '@nestjs/common';
import { FhirStore } from '@cairn/fhir';
import { audit, type Tx } from '@cairn/platform';
import type { Medication, MedicationRequest } from '@medplum/fhirtypes';
import { isInForce, readMedication } from './medication/medication.fhir.js';
import { medicationSafety, type MedicationSafety } from './medication/medication-safety.js';
import { opioidDoses } from './medication/opioid-dose.js';

/** What the record tells about a patient's medicines. */
export interface MedicationPicture {
  readonly safety: MedicationSafety;
  /** When each opioid prescription on record was written, in force or not. */
  readonly opioidsAuthored: readonly Date[];
}

/** Prescriptions that were never meant to be taken. */
const VOID: readonly (MedicationRequest['status'] | undefined)[] = ['entered-in-error', 'draft', 'cancelled'];

/** Reads a patient's prescriptions from the FHIR store. */
@Injectable()
export class PlanMedication {
  constructor(private readonly store: FhirStore) {}

  /** What the prescriptions on record mean for safety, as of now. The look is audited. */
  async of(tx: Tx, patientId: string): Promise<MedicationPicture> {
    const now = tx.clock.now();
    const patient = `Patient/${patientId}`;
    const current = await this.store.search(tx, 'MedicationRequest', { subject: patient, status: 'active' });
    const latest = await this.store.search(tx, 'MedicationRequest', { subject: patient, _sort: '-authoredon' });
    await audit(tx, { action: 'read', what: 'plan.medication', patients: [patientId] });
    const read = async (request: MedicationRequest) => readMedication(request, await this.#product(tx, request), now);
    const inForce = await Promise.all(current.filter((request) => isInForce(request, now)).map(read));
    const written = await Promise.all(latest.filter(({ status }) => !VOID.includes(status)).map(read));
    return {
      safety: medicationSafety(inForce),
      opioidsAuthored: written.filter((medication) => opioidDoses(medication).length > 0).flatMap(({ authoredOn }) => authoredOn ?? []),
    };
  }

  /** The Medication that the prescription names, contained in it or in the store; undefined where it cannot be read. */
  async #product(tx: Tx, request: MedicationRequest): Promise<Medication | undefined> {
    const reference = request.medicationReference?.reference;
    if (!reference) return undefined;
    if (reference.startsWith('#')) {
      return request.contained?.find((resource): resource is Medication => resource.resourceType === 'Medication' && `#${resource.id}` === reference);
    }
    const id = /^Medication\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/.+)?$/.exec(reference)?.[1];
    return id ? this.store.find(tx, 'Medication', id) : undefined;
  }
}
