import { Injectable } from '@nestjs/common';
import { notFound } from '@cairn/kernel';
import { FhirStore } from '@cairn/fhir';
import { Clinics, type Tx } from '@cairn/platform';
import { clinicContact } from './clinic-contact.js';
import { patientFacts, type PatientFacts } from './patient.fhir.js';

/** Country whose numbering plan is meant while a clinic has not said another. */
const USUAL_COUNTRY = 'US';

/** Reads patients, as facts, from the FHIR store. */
@Injectable()
export class Patients {
  constructor(
    private readonly store: FhirStore,
    private readonly clinics: Clinics,
  ) {}

  /** The facts of the patient, or undefined when there is none that this scope may know of. */
  async get(tx: Tx, patientId: string): Promise<PatientFacts | undefined> {
    const patient = await this.store.find(tx, 'Patient', patientId);
    if (!patient) return undefined;
    const country = clinicContact(await this.clinics.get(tx.scope.clinicId))?.country ?? USUAL_COUNTRY;
    return patientFacts(patient, country, tx.clock.now());
  }

  /** Like `get`, but refuses with `not-found`. */
  async require(tx: Tx, patientId: string): Promise<PatientFacts> {
    const facts = await this.get(tx, patientId);
    if (!facts) throw notFound('The patient');
    return facts;
  }
}
