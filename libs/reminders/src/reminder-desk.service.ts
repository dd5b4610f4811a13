import { Injectable } from '@nestjs/common';
import { LockMode } from '@mikro-orm/postgresql';
import { notFound } from '@cairn/kernel';
import { Transactions, audit, expectVersion, type Scope, type Tx } from '@cairn/platform';
import { Escalations } from './escalations.service.js';
import type { EscalationOutcome } from './escalation.workflow.js';
import { REMINDER_CANCELLED } from './reminder.events.js';
import { Reminder } from './reminder.entity.js';
import { ReminderAnswers } from './reminder-answers.service.js';
import { ReminderLog } from './reminder-log.service.js';
import type { Answer } from './reminder.workflow.js';

/** What the clinic's people do with reminders and escalations. All refuse with `not-found`, and with a stale version. */
@Injectable()
export class ReminderDesk {
  constructor(
    private readonly transactions: Transactions,
    private readonly log: ReminderLog,
    private readonly answers: ReminderAnswers,
    private readonly escalations: Escalations,
  ) {}

  /** A person calls the reminder off. What has not left yet does not leave. */
  async cancel(scope: Scope, id: string, reason: string, readVersion: number | undefined): Promise<void> {
    await this.transactions.run(scope, async (tx) => {
      const reminder = await this.#read(tx, id, readVersion);
      await this.log.step(tx, reminder, 'cancel', 'by-person');
      await this.escalations.withdraw(tx, id);
      await tx.emit(REMINDER_CANCELLED, { reminderId: id, patientId: reminder.patientId });
      await audit(tx, { action: 'update', what: 'reminder.cancelled-by-person', entities: [`Communication/${id}`], patients: [reminder.patientId], purpose: reason });
    });
  }

  /** A person takes down what the patient answered to them, by phone say. */
  async answer(scope: Scope, id: string, answer: Answer, readVersion: number | undefined): Promise<void> {
    await this.transactions.run(scope, async (tx) => {
      await this.#read(tx, id, readVersion);
      await this.answers.record(tx, id, { answer, text: null, receivedAt: tx.clock.now() });
    });
  }

  /** A coordinator closes an escalation and says what came of it. */
  async resolve(scope: Scope, id: string, resolution: { outcome: EscalationOutcome; note: string | null }, readVersion: number | undefined): Promise<void> {
    await this.transactions.run(scope, (tx) => this.escalations.resolve(tx, id, resolution, readVersion));
  }

  async #read(tx: Tx, id: string, readVersion: number | undefined): Promise<Reminder> {
    const reminder = await tx.em.findOne(Reminder, { clinicId: tx.scope.clinicId, id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    if (!reminder) throw notFound('The reminder');
    expectVersion(readVersion, reminder.version);
    return reminder;
  }
}
