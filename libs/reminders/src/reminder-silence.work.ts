import { Injectable } from '@nestjs/common';
import { LockMode } from '@mikro-orm/postgresql';
import { newId } from '@cairn/kernel';
import { Transactions, cairnScope, type DueRow, type DueWork, type Queryable } from '@cairn/platform';
import { Escalations } from './escalations.service.js';
import { Reminder } from './reminder.entity.js';
import { ReminderCheck } from './reminder-check.service.js';
import { ReminderLog } from './reminder-log.service.js';

/** Hears when nobody answers a question that was asked, and hands it to a coordinator. */
@Injectable()
export class ReminderSilenceWork implements DueWork {
  readonly name = 'reminder-silence';
  readonly lane = 'reminders';

  constructor(
    private readonly transactions: Transactions,
    private readonly checks: ReminderCheck,
    private readonly log: ReminderLog,
    private readonly escalations: Escalations,
  ) {}

  async due(database: Queryable, now: Date, limit: number): Promise<DueRow[]> {
    const rows = await database.query<{ clinic_id: string; id: string }>({
      name: 'reminder-silence-due',
      text: `select clinic_id, id from reminder where state in ('sent', 'delivered') and silent_from <= $1 order by silent_from limit $2`,
      values: [now, limit],
    });
    return rows.map((row) => ({ clinicId: row.clinic_id, id: row.id }));
  }

  async perform({ clinicId, id }: DueRow): Promise<void> {
    await this.transactions.run(cairnScope(clinicId, this.name, newId()), async (tx) => {
      const reminder = await tx.em.findOne(Reminder, { clinicId, id, state: { $in: ['sent', 'delivered'] } }, { lockMode: LockMode.PESSIMISTIC_PARTIAL_WRITE });
      if (!reminder) return;
      const subject = await this.checks.subjectOf(tx, reminder);
      if (!subject?.open) {
        tx.em.assign(reminder, { silentFrom: null }); // It has taken place, or is off: nobody waits for the answer any more.
        return;
      }
      if (!(await this.log.hear(tx, reminder, 'escalate', 'no-answer'))) return;
      await this.escalations.open(tx, { patientId: reminder.patientId, reminderId: id, reason: 'no-answer' });
    });
  }
}
