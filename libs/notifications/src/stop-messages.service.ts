import { Injectable } from '@nestjs/common';
import { ContactPreferences, PatientLinks, Patients, clinicContact, showPhone } from '@cairn/people';
import { Clinics, Transactions, type Scope } from '@cairn/platform';
import { STOP_LINK } from './stop-link.js';
import { wordingFor, type Parameters, type Wording } from './template.js';

/** Whose messages a link stops, as far as the page needs to know. */
export interface StopPage {
  readonly wording: Wording;
  readonly parameters: Parameters;
}

/** Lets a patient end all messages by the link in an e-mail, without signing in. */
@Injectable()
export class StopMessages {
  constructor(
    private readonly transactions: Transactions,
    private readonly links: PatientLinks,
    private readonly patients: Patients,
    private readonly preferences: ContactPreferences,
    private readonly clinics: Clinics,
  ) {}

  /** What the page says, or undefined for a link that is unknown or expired. Stops nothing: mail programs open links before people do. */
  async look(token: string, correlationId: string): Promise<StopPage | undefined> {
    return this.#behind(token, correlationId, () => Promise.resolve());
  }

  /** Ends all messages to the patient. Undefined for a link that is unknown or expired. */
  async stop(token: string, correlationId: string): Promise<StopPage | undefined> {
    return this.#behind(token, correlationId, (scope, patientId) =>
      this.transactions.run(scope, (tx) => this.preferences.recordOptOut(tx, patientId, 'all', 'email-link')),
    );
  }

  async #behind(token: string, correlationId: string, act: (scope: Scope, patientId: string) => Promise<void>): Promise<StopPage | undefined> {
    const link = await this.links.open(token, STOP_LINK);
    if (!link) return undefined;
    const scope: Scope = { clinicId: link.clinicId, actor: { kind: 'patient', id: link.patientId }, correlationId };
    const patient = await this.transactions.read(scope, (tx) => this.patients.get(tx, link.patientId));
    if (!patient) return undefined;
    await act(scope, link.patientId);
    const clinic = await this.clinics.get(link.clinicId);
    const contact = clinicContact(clinic);
    return {
      wording: wordingFor(patient.language, false),
      parameters: { clinic: contact?.neutralName ?? clinic.name, phone: contact ? showPhone(contact.phone, contact.country) : '' },
    };
  }
}
