import { Injectable } from '@nestjs/common';
import { FhirStore } from '@cairn/fhir';
import { CAP_DAYS, ContactPreferences, Patients, clinicContact, mayContact, type Channel, type ContactProfile, type PatientFacts } from '@cairn/people';
import { Clinics, type Tx } from '@cairn/platform';
import { rulesOf, type ChannelUse } from './reminder-kinds.js';
import { decideSending, type ChannelState, type SendingDecision } from './reminder.rules.js';
import type { Reminder } from './reminder.entity.js';
import { slotOf } from './reminder-schedule.js';
import { newsFacts, subjectFacts, type SubjectFacts } from './reminder-subject.fhir.js';
import { reachedAt } from './reached.js';
import { ReminderSending } from './reminder-sending.entity.js';

/** What the rules say of a reminder now, and what they looked at. */
export interface Checked {
  readonly decision: SendingDecision;
  readonly patient: PatientFacts | undefined;
  readonly profile: ContactProfile | undefined;
  readonly subject: SubjectFacts | undefined;
}

const DAY_MS = 24 * 3_600_000;

/** Gathers what must be known at the moment of sending, and asks the rules. */
@Injectable()
export class ReminderCheck {
  constructor(
    private readonly store: FhirStore,
    private readonly patients: Patients,
    private readonly preferences: ContactPreferences,
    private readonly clinics: Clinics,
  ) {}

  /** What the rules say of the reminder now, over the patient's channels or only the one named. Sees everything afresh. */
  async check(tx: Tx, reminder: Reminder, only?: Channel): Promise<Checked> {
    const now = tx.clock.now();
    const patient = await this.patients.get(tx, reminder.patientId);
    const subject = await this.subjectOf(tx, reminder);
    if (!patient || !subject) return { decision: { act: 'skip', rule: 'subject-missing' }, patient, profile: undefined, subject };
    const profile = await this.preferences.of(tx, patient);
    const use: ChannelUse = only ? 'first-that-works' : rulesOf(reminder.kind).channels;
    const channels = await this.#channels(tx, reminder, patient, profile, only ? [only] : profile.channels);
    const decision = decideSending({
      now,
      ...slotOf(reminder.kind, subject, profile.zone),
      subject: subject.open ? 'open' : 'over',
      deceased: patient.deceased,
      clinicReady: clinicContact(await this.clinics.get(tx.scope.clinicId)) !== undefined,
      use,
      channels,
    });
    return { decision, patient, profile, subject };
  }

  /** What a reminder is about, as it stands now; undefined when it isn't there. A notice carries its own dates: only whether it still holds is asked. */
  async subjectOf(tx: Tx, reminder: Pick<Reminder, 'about' | 'subjectId' | 'plannedAt' | 'eventAt'>): Promise<SubjectFacts | undefined> {
    if (reminder.about !== 'referral') return this.subject(tx, reminder.subjectId);
    const task = await this.store.find(tx, 'Task', reminder.subjectId);
    return task && newsFacts(task, { opensAt: reminder.plannedAt, at: reminder.eventAt });
  }

  /** The Task that reminders are about, from the FHIR store; undefined when it isn't there or has no date. */
  async subject(tx: Tx, subjectId: string): Promise<SubjectFacts | undefined> {
    const task = await this.store.find(tx, 'Task', subjectId);
    return task && subjectFacts(task);
  }

  async #channels(tx: Tx, reminder: Reminder, patient: PatientFacts, profile: ContactProfile, channels: readonly Channel[]): Promise<ChannelState[]> {
    const now = tx.clock.now();
    const news = await tx.em.find(
      ReminderSending,
      { clinicId: tx.scope.clinicId, patientId: patient.id, at: { $gte: new Date(now.getTime() - (CAP_DAYS + 1) * DAY_MS) }, reminderId: { $ne: reminder.id } },
      { orderBy: { at: 'asc', id: 'asc' } },
    );
    return channels.map((channel) => ({
      channel,
      hasAddress: (channel === 'sms' ? patient.textPhones : patient.emails).length > 0,
      contact: mayContact({
        now,
        zone: profile.zone,
        topic: reminder.topic,
        channel,
        deceased: patient.deceased,
        standing: profile.standing,
        sentLately: reachedAt(news, channel),
      }),
    }));
  }
}
