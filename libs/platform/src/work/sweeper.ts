import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import pg from 'pg';
import { CLOCK, type MovableClock } from '../clock/movable-clock.js';
import { CONFIG, type Config } from '../config/config.js';
import { Transactions } from '../database/tx.js';
import { LOGGER, type Logger } from '../logging/logger.js';
import { OutboxRelay } from '../outbox/outbox-relay.js';
import { DueWorkRegistry, type DueRow, type DueWork } from './due-work.js';
import { QUEUES, type Queues } from './queues.module.js';

const ringOf = (work: DueWork, row: DueRow): string => `${work.name}/${row.clinicId}/${row.id}/${row.turn ?? ''}`;

const BATCH = 500;
/** How long a row that was rung is left alone before it is rung again, should its job have been lost. */
const RING_AGAIN_MS = 10_000;

/**
 * Keeps the queues filled from PostgreSQL: relays the outbox and rings for every row that is due, at a steady beat and at once when a
 * transaction says so. Losing the queue loses nothing; several sweepers may run side by side.
 */
@Injectable()
export class Sweeper implements OnApplicationBootstrap {
  readonly #rung = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #listener: pg.Client | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #stopped = false;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(CLOCK) private readonly clock: MovableClock,
    private readonly transactions: Transactions,
    private readonly relay: OutboxRelay,
    private readonly registry: DueWorkRegistry,
    @Inject(QUEUES) private readonly queues: Queues,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => this.#beat(), this.config.SWEEP_INTERVAL_MS);
    this.#beat();
  }

  /** Ends the beat; resolves when the sweep under way is over. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#running;
    await this.#listener?.end().catch(() => undefined);
  }

  #beat(): void {
    if (this.#stopped) return;
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = this.#sweep()
      .catch((error: unknown) => this.logger.error({ event: 'sweep.failed', error }))
      .finally(() => {
        this.#running = undefined;
        if (this.#again) {
          this.#again = false;
          this.#beat();
        }
      });
  }

  async #sweep(): Promise<void> {
    await this.#listen();
    await this.clock.refresh();
    while ((await this.relay.relay()) > 0);
    const now = this.clock.now();
    // All are asked in one transaction, none waiting for the answer to the one before: every bell leads to a sweep, and most find little.
    const due = await this.transactions.sweep((database) => Promise.all(this.registry.all().map(async (work) => ({ work, rows: await work.due(database, now, BATCH) }))));
    for (const { work, rows } of due) {
      const fresh = rows.filter((row) => !this.#rungLately(work, row));
      if (fresh.length === 0) continue;
      await this.queues[work.lane].addBulk(fresh.map((row) => ({ name: work.name, data: row })));
      for (const row of fresh) this.#rung.set(ringOf(work, row), performance.now());
    }
    this.#forgetOldRings();
  }

  /** Wakes on a commit that relayed news or made a row due. Without it the steady beat still finds everything. */
  async #listen(): Promise<void> {
    if (this.#listener || this.#stopped) return;
    const listener = new pg.Client({ connectionString: this.config.DATABASE_URL, keepAlive: true, application_name: 'cairn-sweeper' });
    listener.on('notification', () => this.#beat());
    listener.on('error', () => {
      this.#listener = undefined;
    });
    await listener.connect();
    await listener.query('listen cairn_outbox; listen cairn_due');
    this.#listener = listener;
  }

  #rungLately(work: DueWork, row: DueRow): boolean {
    const last = this.#rung.get(ringOf(work, row));
    return last !== undefined && performance.now() - last < RING_AGAIN_MS;
  }

  #forgetOldRings(): void {
    const now = performance.now();
    for (const [key, at] of this.#rung) if (now - at >= RING_AGAIN_MS) this.#rung.delete(key);
  }
}
