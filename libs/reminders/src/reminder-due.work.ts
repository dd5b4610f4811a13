import { Injectable } from '@nestjs/common';
import { LockMode } from '@mikro-orm/postgresql';
import { newId } from '@cairn/kernel';
import { Transactions, cairnScope, type DueRow, type DueWork, type Queryable, type Tx } from '@cairn/platform';
import { Escalations } from './escalations.service.js';
import { REMINDER_CLAIMED } from './reminder.events.js';
import { Reminder } from './reminder.entity.js';
import { ReminderCheck } from './reminder-check.service.js';
import { ReminderLog } from './reminder-log.service.js';

/** Takes up reminders whose moment has come, and decides at that moment whether they are sent, wait, are skipped or need a person. */
@Injectable()
export class ReminderDueWork implements DueWork {
  readonly name = 'reminder-due';
  readonly lane = 'reminders';

  constructor(
    private readonly transactions: Transactions,
    private readonly checks: ReminderCheck,
    private readonly log: ReminderLog,
    private readonly escalations: Escalations,
  ) {}

  async due(database: Queryable, now: Date, limit: number): Promise<DueRow[]> {
    const rows = await database.query<{ clinic_id: string; id: string; turn: number }>({
      name: 'reminder-due',
      text: `select clinic_id, id, turn from reminder where state = 'pending' and due_at <= $1 order by due_at limit $2`,
      values: [now, limit],
    });
    return rows.map((row) => ({ clinicId: row.clinic_id, id: row.id, turn: row.turn }));
  }

  async perform({ clinicId, id }: DueRow): Promise<void> {
    await this.transactions.run(cairnScope(clinicId, this.name, newId()), async (tx) => {
      const reminder = await tx.em.findOne(Reminder, { clinicId, id, state: 'pending', dueAt: { $lte: tx.clock.now() } }, { lockMode: LockMode.PESSIMISTIC_PARTIAL_WRITE });
      if (reminder) await this.#take(tx, reminder);
    });
  }

  async #take(tx: Tx, reminder: Reminder): Promise<void> {
    await this.log.step(tx, reminder, 'claim');
    const { decision } = await this.checks.check(tx, reminder);
    switch (decision.act) {
      case 'send':
        tx.em.assign(reminder, { channels: [...decision.channels], rule: null });
        await tx.emit(REMINDER_CLAIMED, { reminderId: reminder.id, patientId: reminder.patientId });
        break;
      case 'postpone':
        tx.em.assign(reminder, { dueAt: decision.until, turn: reminder.turn + 1 });
        await this.log.step(tx, reminder, 'postpone', decision.rule);
        break;
      case 'skip':
        await this.log.step(tx, reminder, 'skip', decision.rule);
        break;
      case 'escalate':
        await this.log.step(tx, reminder, 'escalate', decision.rule);
        await this.escalations.open(tx, { patientId: reminder.patientId, reminderId: reminder.id, reason: 'no-channel', rule: decision.rule });
        break;
    }
  }
}
