import { Injectable } from '@nestjs/common';
import type { Queryable } from '../database/query.js';

/** One queue for each urgency, so that a flood of reminders never stands before a safety alert. */
export const LANES = ['safety', 'events', 'delivery', 'reminders'] as const;
export type Lane = (typeof LANES)[number];

/** A row that is due. */
export interface DueRow {
  readonly clinicId: string;
  readonly id: string;
  /** Changes whenever the row falls due anew (its number of tries, say), so that a new turn is rung at once and an old one is not repeated. */
  readonly turn?: string | number;
}

/**
 * Work that falls due by a row in PostgreSQL. The sweeper asks `due` for the rows and rings the queue for each; `perform` reloads the row
 * in its own transaction, claims it, asks the workflow whether it is still due, acts, and records what it did. A row may be rung more
 * than once, and at the same time: `perform` must cope.
 */
export interface DueWork {
  /** Unique and stable: it names the job. */
  readonly name: string;
  readonly lane: Lane;
  /** Rows due now over all clinics, most urgent first. Runs as the sweeper role: needs {@link sweptTable} grants for what it reads. */
  due(database: Queryable, now: Date, limit: number): Promise<DueRow[]>;
  perform(row: DueRow): Promise<void>;
}

/** All work that can fall due. Features register in their module's `onModuleInit`. */
@Injectable()
export class DueWorkRegistry {
  readonly #byName = new Map<string, DueWork>();

  /** Refuses a second work of the same name: each job must have exactly one handler. */
  register(work: DueWork): void {
    if (this.#byName.has(work.name)) throw new Error(`Two kinds of due work are named ${work.name}.`);
    this.#byName.set(work.name, work);
  }

  find(name: string): DueWork | undefined {
    return this.#byName.get(name);
  }

  all(): DueWork[] {
    return [...this.#byName.values()];
  }
}
