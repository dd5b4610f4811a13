import { Injectable } from '@nestjs/common';
import { LockMode } from '@mikro-orm/postgresql';
import { newId } from '@cairn/kernel';
import { FhirStore } from '@cairn/fhir';
import { Clinics, audit, expectVersion, type Tx } from '@cairn/platform';
import { contactConsent } from './consent.fhir.js';
import { ContactDecisionEntry } from './contact-decision.entity.js';
import { ContactPreference } from './contact-preference.entity.js';
import { standingOf, type ContactStanding } from './contact-standing.js';
import type { Channel, DecisionKind, Topic, Way } from './contact-words.js';
import type { PatientFacts } from './patient.fhir.js';
import rules from './contact-rules.json' with { type: 'json' };

/** How one patient may be reached. */
export interface ContactProfile {
  readonly patientId: string;
  /** Best first. Empty when nothing is known of how to reach the patient. */
  readonly channels: readonly Channel[];
  /** The zone of the patient's clock: chosen, else of the record, else the clinic's. */
  readonly zone: string;
  /** The zone only where somebody chose it. */
  readonly chosenZone: string | null;
  /** Whether the preferences were taken from the record or chosen by a person. */
  readonly origin: 'record' | 'chosen';
  readonly standing: ContactStanding;
  /** 0 while nothing is kept for this patient. */
  readonly version: number;
}

/** Keeps how patients wish to be reached and what they decided about it. */
@Injectable()
export class ContactPreferences {
  constructor(
    private readonly store: FhirStore,
    private readonly clinics: Clinics,
  ) {}

  /** How the patient may be reached, as of now. */
  async of(tx: Tx, patient: Pick<PatientFacts, 'id' | 'zone'>): Promise<ContactProfile> {
    const { clinicId } = tx.scope;
    const row = await tx.em.findOne(ContactPreference, { clinicId, patientId: patient.id });
    const clinic = await this.clinics.get(clinicId);
    return {
      patientId: patient.id,
      channels: row?.channels ?? [],
      zone: row?.zone ?? patient.zone ?? clinic.zone,
      chosenZone: row?.zone ?? null,
      origin: row?.origin ?? 'record',
      standing: await this.standing(tx, patient.id),
      version: row?.version ?? 0,
    };
  }

  /** The consents and opt-outs in force. */
  async standing(tx: Tx, patientId: string): Promise<ContactStanding> {
    await tx.flush();
    const entries = await tx.em.find(ContactDecisionEntry, { clinicId: tx.scope.clinicId, patientId }, { orderBy: { at: 'asc', id: 'asc' } });
    return standingOf(entries);
  }

  /**
   * Takes down which channels the patient wants, in order, and the zone of their clock (null: as the record or the clinic says). Refuses
   * when somebody changed them since version `readVersion` was read.
   */
  async choose(tx: Tx, patientId: string, choice: { channels: readonly Channel[]; zone: string | null }, readVersion: number | undefined): Promise<void> {
    const { row, isNew } = await this.#hold(tx, patientId);
    expectVersion(readVersion, isNew ? 0 : row.version);
    tx.em.assign(row, { channels: [...choice.channels], zone: choice.zone, origin: 'chosen', changedAt: tx.clock.now() });
    await tx.flush();
    await audit(tx, { action: 'update', what: 'contact.preferences', entities: [`Patient/${patientId}`], patients: [patientId] });
  }

  /** Writes down that the patient gave or withdrew consent to messages about the topic on the channel. */
  async recordConsent(tx: Tx, patientId: string, consent: { topic: Topic; channel: Channel; given: boolean; how: Way }): Promise<void> {
    await this.#write(tx, patientId, [{ kind: consent.given ? 'consent-given' : 'consent-withdrawn', topic: consent.topic, channel: consent.channel, how: consent.how }]);
  }

  /** Writes down that the patient wants no more messages about the topic, or none at all. In force at once, on every channel. */
  async recordOptOut(tx: Tx, patientId: string, topic: Topic | 'all', how: Way): Promise<void> {
    await this.#write(tx, patientId, [{ kind: 'opted-out', topic, channel: null, how }]);
  }

  /** Writes down that the patient wants messages about the topic, or all, again. Consent is not touched. */
  async recordOptIn(tx: Tx, patientId: string, topic: Topic | 'all', how: Way): Promise<void> {
    await this.#write(tx, patientId, [{ kind: 'opted-in', topic, channel: null, how }]);
  }

  /**
   * Takes over what the record tells about a patient: channels for the numbers and addresses that were given to the provider, with consent
   * to messages about care on each (`contact-rules.json`, "consentOnContactGiven"). Leaves alone what a person chose or decided.
   */
  async takeFromRecord(tx: Tx, patient: PatientFacts): Promise<void> {
    const known: Channel[] = [...(patient.textPhones.length > 0 ? (['sms'] as const) : []), ...(patient.emails.length > 0 ? (['email'] as const) : [])];
    if (known.length === 0) return;
    const { row } = await this.#hold(tx, patient.id);
    const fresh = known.filter((channel) => !row.channels.includes(channel));
    if (row.origin === 'chosen' || fresh.length === 0) return;
    tx.em.assign(row, { channels: [...row.channels, ...fresh], changedAt: tx.clock.now() });
    await tx.flush();
    const topic = rules.consentOnContactGiven.topic as Topic;
    await this.#write(tx, patient.id, fresh.map((channel) => ({ kind: 'consent-given' as const, topic, channel, how: 'given-to-provider' as const })));
  }

  /** The patient's row, made when missing, held until the transaction ends: what is decided about one patient is decided one after another. */
  async #hold(tx: Tx, patientId: string): Promise<{ row: ContactPreference; isNew: boolean }> {
    const { clinicId } = tx.scope;
    const made = await tx.query({
      name: 'contact-preference-make',
      text: `insert into contact_preference (clinic_id, patient_id, channels, origin, changed_at) values ($1, $2, '{}', 'record', $3)
        on conflict do nothing returning patient_id`,
      values: [clinicId, patientId, tx.clock.now()],
    });
    const row = await tx.em.findOneOrFail(ContactPreference, { clinicId, patientId }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true });
    return { row, isNew: made.length > 0 };
  }

  async #write(tx: Tx, patientId: string, decisions: readonly { kind: DecisionKind; topic: Topic | 'all'; channel: Channel | null; how: Way }[]): Promise<void> {
    await this.#hold(tx, patientId);
    const { clinicId, actor } = tx.scope;
    const at = tx.clock.now();
    for (const decision of decisions) {
      tx.em.persist(tx.em.create(ContactDecisionEntry, { clinicId, id: newId(), patientId, ...decision, at, actorKind: actor.kind, actorId: actor.id }));
    }
    const standing = await this.standing(tx, patientId);
    const topics = new Set(decisions.flatMap(({ topic }) => (topic === 'all' ? (['care', 'questionnaires'] as const) : [topic])));
    for (const topic of topics) await this.store.put(tx, contactConsent(clinicId, patientId, topic, standing, at));
    await audit(tx, { action: 'create', what: `contact.${decisions[0]?.kind ?? 'decision'}`, entities: [`Patient/${patientId}`], patients: [patientId] });
  }
}
