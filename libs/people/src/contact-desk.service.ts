import { Injectable } from '@nestjs/common';
import { Transactions, audit, type Scope, type Tx } from '@cairn/platform';
import { ContactPreferences, type ContactProfile } from './contact-preferences.service.js';
import type { Channel, Topic, Way } from './contact-words.js';
import type { PatientFacts } from './patient.fhir.js';
import { Patients } from './patients.service.js';

/** Channels in the patient's order, and the zone of their clock; null: as the record or the clinic says. */
export interface Choice {
  readonly channels: readonly Channel[];
  readonly zone: string | null;
}

/** A consent that a patient gave or withdrew, and how. */
export interface ConsentWord {
  readonly topic: Topic;
  readonly channel: Channel;
  readonly given: boolean;
  readonly how: Way;
}

/** What a patient wants stopped, or started again, and how they said so. */
export interface OptWord {
  readonly topic: Topic | 'all';
  readonly how: Way;
}

/** What the clinic's people see and change of a patient's contact details. Every act refuses with `not-found` where there is no such patient. */
@Injectable()
export class ContactDesk {
  constructor(
    private readonly transactions: Transactions,
    private readonly patients: Patients,
    private readonly preferences: ContactPreferences,
  ) {}

  /** The patient's facts; the look is audited. */
  async patient(scope: Scope, patientId: string): Promise<PatientFacts> {
    return this.transactions.run(scope, async (tx) => {
      const patient = await this.patients.require(tx, patientId);
      await audit(tx, { action: 'read', what: 'patient.read', entities: [`Patient/${patientId}`], patients: [patientId] });
      return patient;
    });
  }

  /** How the patient may be reached; the look is audited. */
  async profile(scope: Scope, patientId: string): Promise<ContactProfile> {
    return this.#about(scope, patientId, (tx) => audit(tx, { action: 'read', what: 'contact.read', entities: [`Patient/${patientId}`], patients: [patientId] }));
  }

  /** Sets channels and zone. Refuses a stale version. */
  async choose(scope: Scope, patientId: string, choice: Choice, readVersion: number | undefined): Promise<ContactProfile> {
    return this.#about(scope, patientId, (tx) => this.preferences.choose(tx, patientId, choice, readVersion));
  }

  /** Writes down a consent given or withdrawn. */
  async consent(scope: Scope, patientId: string, consent: ConsentWord): Promise<ContactProfile> {
    return this.#about(scope, patientId, (tx) => this.preferences.recordConsent(tx, patientId, consent));
  }

  /** Writes down an opt-out. */
  async optOut(scope: Scope, patientId: string, { topic, how }: OptWord): Promise<ContactProfile> {
    return this.#about(scope, patientId, (tx) => this.preferences.recordOptOut(tx, patientId, topic, how));
  }

  /** Writes down that an opt-out no longer holds. */
  async optIn(scope: Scope, patientId: string, { topic, how }: OptWord): Promise<ContactProfile> {
    return this.#about(scope, patientId, (tx) => this.preferences.recordOptIn(tx, patientId, topic, how));
  }

  async #about(scope: Scope, patientId: string, act: (tx: Tx) => Promise<void>): Promise<ContactProfile> {
    return this.transactions.run(scope, async (tx) => {
      const patient = await this.patients.require(tx, patientId);
      await act(tx);
      return this.preferences.of(tx, patient);
    });
  }
}
