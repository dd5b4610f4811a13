import { Injectable } from '@nestjs/common';
import type { Resource } from '@medplum/fhirtypes';
import { FhirStore } from '@cairn/fhir';
import { Clinics, type Tx } from '@cairn/platform';
import { v5 } from 'uuid';
import { clinicContact } from './clinic-contact.js';
import type { DemoPractitioner } from './demo-clinic.js';
import { clinicOrganization, clinicPractitioner } from './practitioner.fhir.js';

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
    if (!(await this.store.find(tx, resource.resourceType, resource.id))) await this.store.put(tx, resource);
  }
}
