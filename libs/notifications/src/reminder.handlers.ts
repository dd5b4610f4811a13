import { Injectable } from '@nestjs/common';
import { LockMode } from '@mikro-orm/postgresql';
import type { EventHandler, OutboxEvent, Tx } from '@cairn/platform';
import { REMINDER_CANCELLED, REMINDER_CLAIMED, Reminders } from '@cairn/reminders';
import { Message } from './message.entity.js';
import { MessageLog } from './message-log.service.js';
import { templateFor } from './template.js';

/** Turns a claimed reminder into messages, and takes back what has not left when a reminder is cancelled. */
@Injectable()
export class ReminderFollower implements EventHandler {
  readonly name = 'messages-of-reminders';
  readonly events = [REMINDER_CLAIMED, REMINDER_CANCELLED];

  constructor(
    private readonly reminders: Reminders,
    private readonly log: MessageLog,
  ) {}

  async handle(tx: Tx, { event, ids }: OutboxEvent): Promise<void> {
    const reminderId = ids['reminderId'];
    if (!reminderId) throw new Error(`The event ${event} lacks reminderId.`);
    if (event === REMINDER_CLAIMED) await this.#write(tx, reminderId);
    else await this.#takeBack(tx, reminderId);
  }

  async #write(tx: Tx, reminderId: string): Promise<void> {
    const dispatch = await this.reminders.handOver(tx, reminderId);
    if (!dispatch) return;
    const { patientId, kind, use, channels } = dispatch;
    for (const channel of use === 'all' ? channels : channels.slice(0, 1)) {
      await this.log.queue(tx, { reminderId, patientId, channel, template: templateFor(kind) });
    }
  }

  async #takeBack(tx: Tx, reminderId: string): Promise<void> {
    const queued = await tx.em.find(Message, { clinicId: tx.scope.clinicId, reminderId, state: 'queued' }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    for (const message of queued) this.log.step(message, 'cancel', 'reminder-cancelled');
  }
}
