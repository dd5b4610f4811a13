import { Inject, Injectable } from '@nestjs/common';
import { Transactions, type EventIds } from '../database/tx.js';
import type { Queryable } from '../database/query.js';
import { LOGGER, type Logger } from '../logging/logger.js';
import { cairnScope } from '../tenancy/scope.js';
import type { DueRow, DueWork } from '../work/due-work.js';
import { backoffSeconds } from '../work/backoff.js';
import { EventHandlers } from './event-handlers.js';

interface HandlingRow {
  event: string;
  ids: EventIds;
  correlation_id: string;
  attempts: number;
}

/** Tries before a handling is put aside as dead, for a person to look at. With doubling waits this spans about three days. */
const MOST_ATTEMPTS = 18;

/** Runs each pending handling once, in one transaction with the record that it ran. */
@Injectable()
export class EventHandlingWork implements DueWork {
  readonly name = 'event-handling';
  readonly lane = 'events';

  constructor(
    private readonly transactions: Transactions,
    private readonly handlers: EventHandlers,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async due(database: Queryable, _now: Date, limit: number): Promise<DueRow[]> {
    const rows = await database.query<{ clinic_id: string; event_id: string; handler: string; attempts: number }>({
      name: 'event-handling-due',
      text: `select clinic_id, event_id, handler, attempts from event_handling where state = 'pending' and due_at <= now() order by due_at, event_id limit $1`,
      values: [limit],
    });
    return rows.map((row) => ({ clinicId: row.clinic_id, id: `${row.event_id}/${row.handler}`, turn: row.attempts }));
  }

  async perform({ clinicId, id }: DueRow): Promise<void> {
    const slash = id.indexOf('/');
    const [eventId, name] = [id.slice(0, slash), id.slice(slash + 1)];
    const handler = this.handlers.find(name);
    if (!handler) return; // This process does not know it; one that does will find it still pending.
    try {
      await this.transactions.run(cairnScope(clinicId, name, eventId), async (tx) => {
        const [row] = await tx.query<HandlingRow>({
          name: 'event-handling-claim',
          text: `select o.event, o.ids, o.correlation_id, h.attempts from event_handling h join outbox o on o.clinic_id = h.clinic_id and o.id = h.event_id
            where h.clinic_id = $1 and h.event_id = $2 and h.handler = $3 and h.state = 'pending' for update of h skip locked`,
          values: [clinicId, eventId, name],
        });
        if (!row) return; // Done already, or being done by somebody else.
        await handler.handle(tx, { id: eventId, event: row.event, ids: row.ids });
        await tx.flush();
        await tx.query({
          name: 'event-handling-done',
          text: `update event_handling set state = 'done', done_at = now() where clinic_id = $1 and event_id = $2 and handler = $3`,
          values: [clinicId, eventId, name],
        });
      });
    } catch (error) {
      await this.#postpone(clinicId, eventId, name, error);
    }
  }

  async #postpone(clinicId: string, eventId: string, handler: string, error: unknown): Promise<void> {
    await this.transactions.run(cairnScope(clinicId, handler, eventId), async (tx) => {
      const [row] = await tx.query<{ attempts: number }>(
        `select attempts from event_handling where clinic_id = $1 and event_id = $2 and handler = $3 and state = 'pending' for update`,
        [clinicId, eventId, handler],
      );
      if (!row) return;
      const attempts = row.attempts + 1;
      const state = attempts >= MOST_ATTEMPTS ? 'dead' : 'pending';
      await tx.query(
        `update event_handling set attempts = $4, state = $5, due_at = now() + make_interval(secs => $6)
         where clinic_id = $1 and event_id = $2 and handler = $3`,
        [clinicId, eventId, handler, attempts, state, backoffSeconds(attempts)],
      );
      this.logger.error({ event: 'event-handling.failed', handler, eventId, attempts, state, error });
    });
  }
}
