import { Injectable } from '@nestjs/common';
import type { Resource } from '@medplum/fhirtypes';
import { FhirStore } from '@cairn/fhir';
import { Clinics, type Tx } from '@cairn/platform';
import { v5 } from 'uuid';
import { clinicContact, type ClinicContact } from './clinic-contact.js';
import { clinicOrganization, clinicPractitioner, type Discipline } from './practitioner.fhir.js';

/** Somebody of the demo team: an office, not an invented person. */
export interface DemoPractitioner {
  readonly display: string;
  readonly discipline: Discipline;
  /** Subject of the demo user who is this practitioner. */
  readonly userSubject?: string;
}

/** The team of the demo clinic: enough disciplines for a quorum. */
export const DEMO_TEAM: readonly DemoPractitioner[] = [
  { display: 'Demo coordinator', discipline: 'coordination', userSubject: 'demo-coordinator' },
  { display: 'Demo physician', discipline: 'physician', userSubject: 'demo-clinician' },
  { display: 'Demo conference lead', discipline: 'physician', userSubject: 'demo-conference-lead' },
  { display: 'Demo psychologist', discipline: 'psychology' },
  { display: 'Demo physiotherapist', discipline: 'physiotherapy' },
  { display: 'Demo pharmacist', discipline: 'pharmacy' },
];

/** How the demo clinic shows itself in messages; its settings hold it under `contact`. The numbers are of the range kept for fiction. */
export const DEMO_CONTACT: ClinicContact = { neutralName: 'Harbour Street Clinic', phone: '+12125550100', smsNumber: '+12125550101', country: 'US' };

/** The id of the clinic's Organization resource. */
export const organizationId = (clinicId: string): string => v5('organization', clinicId);

/** The id of a seeded practitioner; the same again when the seed runs again. */
export const seededPractitionerId = (clinicId: string, display: string): string => v5(`practitioner/${display}`, clinicId);

/** Puts the clinic and its people into the FHIR store. */
@Injectable()
export class ClinicSeed {
  constructor(
    private readonly store: FhirStore,
    private readonly clinics: Clinics,
  ) {}

  /**
   * Writes the clinic's Organization, and a Practitioner with its PractitionerRole for each of the team. May run again: what is there stays
   * as it is. Returns the ids of the organization and of the practitioners by their display.
   */
  async plant(tx: Tx, team: readonly DemoPractitioner[]): Promise<{ organization: string; practitioners: Readonly<Record<string, string>> }> {
    const { clinicId } = tx.scope;
    const clinic = await this.clinics.get(clinicId);
    const organization = organizationId(clinicId);
    await this.#plantOne(tx, clinicOrganization(organization, clinicContact(clinic)?.neutralName ?? clinic.name));
    const practitioners: Record<string, string> = {};
    for (const person of team) {
      const practitioner = seededPractitionerId(clinicId, person.display);
      const role = v5(`practitioner-role/${person.display}`, clinicId);
      for (const resource of clinicPractitioner({ practitioner, role, organization }, person)) await this.#plantOne(tx, resource);
      practitioners[person.display] = practitioner;
    }
    return { organization, practitioners };
  }

  async #plantOne(tx: Tx, resource: Resource & { id: string }): Promise<void> {
    if (!(await this.store.read(tx, resource.resourceType, resource.id))) await this.store.put(tx, resource);
  }
}
