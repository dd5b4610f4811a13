import { Injectable } from '@nestjs/common';
import { Transactions } from '../database/tx.js';
import { EventHandlers } from './event-handlers.js';

interface NewEvent {
  clinic_id: string;
  id: string;
  event: string;
}

const BATCH = 500;

/** Turns committed events into one pending handling for each handler that wants them. */
@Injectable()
export class OutboxRelay {
  constructor(
    private readonly transactions: Transactions,
    private readonly handlers: EventHandlers,
  ) {}

  /** Relays what is waiting, oldest first, at most one batch. Returns how many events it took. Safe to run in several processes. */
  async relay(): Promise<number> {
    return this.transactions.sweep(async (database) => {
      const events = await database.query<NewEvent>({
        name: 'outbox-take',
        text: `select clinic_id, id, event from outbox where relayed_at is null order by id limit ${BATCH} for update skip locked`,
      });
      if (events.length === 0) return 0;
      const wanted = events.flatMap((event) => this.handlers.wanting(event.event).map((handler) => ({ ...event, handler })));
      await database.query({
        name: 'outbox-fan-out',
        text: `insert into event_handling (clinic_id, event_id, handler, due_at)
          select w.clinic_id, w.event_id, w.handler, now() from unnest($1::uuid[], $2::uuid[], $3::text[]) as w (clinic_id, event_id, handler)
          on conflict do nothing`,
        values: [wanted.map((w) => w.clinic_id), wanted.map((w) => w.id), wanted.map((w) => w.handler)],
      });
      await database.query({
        name: 'outbox-relayed',
        text: `update outbox set relayed_at = now() from unnest($1::uuid[], $2::uuid[]) as e (clinic_id, id)
          where outbox.clinic_id = e.clinic_id and outbox.id = e.id`,
        values: [events.map((event) => event.clinic_id), events.map((event) => event.id)],
      });
      return events.length;
    });
  }
}
