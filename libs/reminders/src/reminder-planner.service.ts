import { Injectable } from '@nestjs/common';
import { LockMode } from '@mikro-orm/postgresql';
import { newId } from '@cairn/kernel';
import { ContactPreferences, Patients } from '@cairn/people';
import type { Tx } from '@cairn/platform';
import { Escalations } from './escalations.service.js';
import { REMINDER_CANCELLED } from './reminder.events.js';
import { Reminder } from './reminder.entity.js';
import { ReminderCheck } from './reminder-check.service.js';
import { KINDS_VERSION, kindsAbout, rulesOf, type About, type Notice, type ReminderKind } from './reminder-kinds.js';
import { ReminderLog } from './reminder-log.service.js';
import { slotOf, type Slot } from './reminder-schedule.js';
import type { SubjectFacts } from './reminder-subject.fhir.js';
import { OPEN_STATES, type ReminderState } from './reminder.workflow.js';

/** Whose reminders: those about one Task, for one patient. */
export interface Subject {
  readonly about: About;
  readonly subjectId: string;
  readonly patientId: string;
}

const DAY_MS = 24 * 3_600_000;

/** States in which nothing has left yet. */
const UNSENT: readonly ReminderState[] = ['pending', 'claimed', 'sending'];

/** Keeps the reminders of an event in step with the event. */
@Injectable()
export class ReminderPlanner {
  constructor(
    private readonly log: ReminderLog,
    private readonly checks: ReminderCheck,
    private readonly escalations: Escalations,
    private readonly patients: Patients,
    private readonly preferences: ContactPreferences,
  ) {}

  /**
   * Plans the reminders that the subject gets, or moves those that are planned to its present date. One that was sent for another date is
   * cancelled and planned anew. A kind that can no longer be sent in time stands there as skipped.
   */
  async plan(tx: Tx, subject: Subject): Promise<void> {
    const facts = await this.checks.subject(tx, subject.subjectId);
    const patient = await this.patients.get(tx, subject.patientId);
    if (!facts?.open || !patient) return;
    if (subject.about !== 'plan-review' && !facts.byPatient) return;
    const { zone } = await this.preferences.of(tx, patient);
    const held = await this.#held(tx, subject, OPEN_STATES);
    for (const kind of kindsAbout(subject.about)) {
      const slot = slotOf(kind, facts, zone);
      const planned = held.find((reminder) => reminder.kind === kind);
      if (planned?.eventAt.getTime() === facts.at.getTime()) continue;
      if (planned?.state === 'pending' || planned?.state === 'claimed') await this.#move(tx, planned, facts, slot);
      else {
        if (planned) await this.#cancel(tx, planned, 'event-moved');
        await this.#make(tx, subject, kind, facts, slot);
      }
    }
    await tx.ring();
  }

  /**
   * Plans to tell the patient, as soon as contact is allowed, what has become of a referral; `until` is the visit, where it is about one. Older news of the
   * same referral that has not left is taken back, and so is what a person was asked to tell.
   */
  async announce(tx: Tx, { subjectId, patientId }: Omit<Subject, 'about'>, kind: Notice, until?: Date): Promise<void> {
    const where = { clinicId: tx.scope.clinicId, subjectId, patientId };
    for (const older of await tx.em.find(Reminder, where, { lockMode: LockMode.PESSIMISTIC_WRITE, orderBy: { id: 'asc' } })) {
      if (UNSENT.includes(older.state)) await this.#cancel(tx, older, 'superseded');
      else await this.escalations.withdraw(tx, older.id);
    }
    const now = tx.clock.now();
    const at = until ?? new Date(now.getTime() + (rulesOf(kind).newsDays ?? 0) * DAY_MS);
    await this.#make(tx, { about: 'referral', subjectId, patientId }, kind, { opensAt: now, at, open: true, byPatient: true }, { dueAt: now, latestAt: at });
    await tx.ring();
  }

  /** The event is off: cancels whatever is open about it. */
  async callOff(tx: Tx, subject: Pick<Subject, 'subjectId' | 'patientId'>, rule: string): Promise<void> {
    for (const reminder of await this.#held(tx, subject, OPEN_STATES)) await this.#cancel(tx, reminder, rule);
  }

  /** The event has taken place: cancels what has not left yet. What was sent and answered stays as it is. */
  async conclude(tx: Tx, subject: Pick<Subject, 'subjectId' | 'patientId'>, rule: string): Promise<void> {
    for (const reminder of await this.#held(tx, subject, UNSENT)) await this.#cancel(tx, reminder, rule);
  }

  async #held(tx: Tx, { subjectId, patientId }: Pick<Subject, 'subjectId' | 'patientId'>, states: readonly ReminderState[]): Promise<Reminder[]> {
    const where = { clinicId: tx.scope.clinicId, subjectId, patientId, state: { $in: [...states] } };
    return tx.em.find(Reminder, where, { lockMode: LockMode.PESSIMISTIC_WRITE, orderBy: { id: 'asc' } });
  }

  async #make(tx: Tx, { about, subjectId, patientId }: Subject, kind: ReminderKind, facts: SubjectFacts, { dueAt, latestAt }: Slot): Promise<void> {
    const now = tx.clock.now();
    const reminder = tx.em.create(Reminder, {
      clinicId: tx.scope.clinicId,
      id: newId(),
      patientId,
      kind,
      kindsVersion: KINDS_VERSION,
      topic: rulesOf(kind).topic,
      about,
      subjectId,
      eventAt: facts.at,
      dueAt,
      latestAt,
      state: 'pending',
      rule: null,
      channels: [],
      sentAt: null,
      interpreterNeeded: false,
      answer: null,
      answeredAt: null,
      silentFrom: null,
      turn: 0,
      plannedAt: now,
      version: 1,
    });
    await this.log.write(tx, reminder, 'plan', null, null);
    if (now >= latestAt) await this.log.step(tx, reminder, 'skip', 'too-late');
  }

  async #move(tx: Tx, reminder: Reminder, facts: SubjectFacts, { dueAt, latestAt }: Slot): Promise<void> {
    tx.em.assign(reminder, { eventAt: facts.at, dueAt, latestAt, turn: reminder.turn + 1 });
    await this.log.step(tx, reminder, 'move', 'event-moved');
    if (tx.clock.now() >= latestAt) await this.log.step(tx, reminder, 'skip', 'too-late');
  }

  async #cancel(tx: Tx, reminder: Reminder, rule: string): Promise<void> {
    await this.log.step(tx, reminder, 'cancel', rule);
    await this.escalations.withdraw(tx, reminder.id);
    await tx.emit(REMINDER_CANCELLED, { reminderId: reminder.id, patientId: reminder.patientId });
  }
}
