import type { Clock } from '@cairn/kernel';
import type { Pool } from 'pg';

/** Injection token for the clock that decides what is due. */
export const CLOCK = Symbol('Clock');

/** A clock that may be moved from outside this process; `refresh` learns of it. */
export interface MovableClock extends Clock {
  /** Takes up the offset that is in force now. */
  refresh(): Promise<void>;
}

/** The machine's time, which nobody moves. */
export class SteadyClock implements MovableClock {
  now(): Date {
    return new Date();
  }

  refresh(): Promise<void> {
    return Promise.resolve();
  }
}

/**
 * Demo mode's clock: the machine's time plus one offset that stands in the database, so that every process moves together. Tokens and
 * queue back-off do not use it.
 */
export class DemoClock implements MovableClock {
  #offset = 0;

  constructor(private readonly pool: Pool) {}

  now(): Date {
    return new Date(Date.now() + this.#offset);
  }

  async refresh(): Promise<void> {
    const { rows } = await this.pool.query<{ offset_ms: string }>({ name: 'demo-clock', text: 'select offset_ms from demo_clock' });
    this.#offset = Number(rows[0]?.offset_ms ?? 0);
  }

  /** Moves the clock of every process forward and returns the new time. Refuses to go back: what happened has happened. */
  async advance(milliseconds: number): Promise<Date> {
    if (milliseconds < 0) throw new RangeError('The clock only moves forward.');
    await this.pool.query('update demo_clock set offset_ms = offset_ms + $1', [Math.round(milliseconds)]);
    await this.pool.query(`select pg_notify('cairn_due', '')`);
    await this.refresh();
    return this.now();
  }
}
