import { Injectable } from '@nestjs/common';
import { newId, refused } from '@cairn/kernel';
import { FhirStore } from '@cairn/fhir';
import type { Tx } from '@cairn/platform';
import { Escalations } from './escalations.service.js';
import type { EscalationReason } from './escalation.workflow.js';
import { replyCommunication } from './reminder.fhir.js';
import { REMINDER_ANSWERED } from './reminder.events.js';
import { Reminder } from './reminder.entity.js';
import { ReminderLog } from './reminder-log.service.js';
import { Reminders } from './reminders.service.js';
import { ANSWERABLE_STATES, type Answer } from './reminder.workflow.js';

/** An answer to a reminder. `text` is what the patient wrote; it is kept only where a person must read it. */
export interface GivenAnswer {
  readonly answer: Answer;
  readonly text: string | null;
  readonly receivedAt: Date;
}

const NEEDS_PERSON: Readonly<Record<Exclude<Answer, 'confirmed'>, EscalationReason>> = {
  reschedule: 'wants-reschedule',
  stop: 'stopped-messages',
  'free-text': 'free-text',
};

/** Escalations that an answer settles. */
const SETTLED: readonly EscalationReason[] = ['no-answer', 'undelivered', 'outcome-unknown'];

/** Takes down what patients answer. */
@Injectable()
export class ReminderAnswers {
  constructor(
    private readonly reminders: Reminders,
    private readonly log: ReminderLog,
    private readonly escalations: Escalations,
    private readonly store: FhirStore,
  ) {}

  /**
   * Of the reminders named, newest first, the first that a reply can be to: sent in some way, and its event not past. Undefined when none
   * is.
   */
  async answerable(tx: Tx, reminderIds: readonly string[]): Promise<Reminder | undefined> {
    const open = await tx.em.find(Reminder, {
      clinicId: tx.scope.clinicId,
      id: { $in: [...reminderIds] },
      state: { $in: [...ANSWERABLE_STATES] },
      eventAt: { $gt: tx.clock.now() },
    });
    return reminderIds.map((id) => open.find((reminder) => reminder.id === id)).find((reminder) => reminder !== undefined);
  }

  /** Takes down the answer on the reminder. A confirmation settles it; anything else goes to a coordinator. Refuses with a conflict where no answer is possible. */
  async record(tx: Tx, reminderId: string, given: GivenAnswer): Promise<void> {
    const reminder = await this.reminders.hold(tx, reminderId);
    if (!(ANSWERABLE_STATES as readonly string[]).includes(reminder.state)) {
      throw refused({ rule: 'reminder.not-answerable', message: `A reminder that is "${reminder.state}" can't be answered.` });
    }
    const { answer, text, receivedAt } = given;
    tx.em.assign(reminder, { answer, answeredAt: receivedAt, silentFrom: null });
    await this.log.step(tx, reminder, 'answer', answer);
    await this.escalations.withdraw(tx, reminderId, SETTLED);
    const replyId = newId();
    await this.store.put(tx, replyCommunication({ id: replyId, patientId: reminder.patientId, reminderId, from: null, says: answer, text: answer === 'free-text' ? text : null, receivedAt }));
    await tx.emit(REMINDER_ANSWERED, { reminderId, patientId: reminder.patientId });
    if (answer === 'confirmed') return;
    await this.log.step(tx, reminder, 'escalate', NEEDS_PERSON[answer]);
    await this.escalations.open(tx, { patientId: reminder.patientId, reminderId, reason: NEEDS_PERSON[answer], replyId });
  }

  /** A message came that belongs to no reminder: a coordinator reads it. `from` is kept only where the patient is not known. */
  async recordUnmatched(tx: Tx, reply: { patientId: string | null; from: string; text: string; receivedAt: Date }): Promise<void> {
    const { patientId, text, receivedAt } = reply;
    const id = newId();
    await this.store.put(tx, replyCommunication({ id, patientId, reminderId: null, from: patientId ? null : reply.from, says: 'unmatched', text, receivedAt }));
    await this.escalations.open(tx, { patientId, reminderId: null, reason: 'unmatched-reply', replyId: id });
  }
}
