import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/tx.js';

/** Work that must not lie without somebody, something and a date. */
export interface OpenWork {
  /** What it is called: `referral`, `care plan` … Unique. */
  readonly kind: string;
  /** SQL that selects the open rows of the clinic `$1`, as they are at the moment `$2`: `id` (text), `owner` (a person's or a team's name), `next_action` and `due_at`. */
  readonly sql: string;
}

/** One piece of open work that somebody has lost hold of. */
interface LooseEnd {
  readonly id: string;
  readonly lacks: readonly ('owner' | 'next action' | 'date')[];
}

/** What was found of one kind. `loose` holds at most as many as were asked for. */
export interface LoopReport {
  readonly kind: string;
  readonly open: number;
  readonly loose: readonly LooseEnd[];
}

interface Row {
  readonly id: string;
  readonly no_owner: boolean;
  readonly no_action: boolean;
  readonly no_date: boolean;
}

/** All kinds of open work. Features register theirs in their module's `onModuleInit`. */
@Injectable()
export class OpenLoops {
  readonly #kinds = new Map<string, OpenWork>();

  /** Refuses a second kind of the same name. */
  register(work: OpenWork): void {
    if (this.#kinds.has(work.kind)) throw new Error(`Two kinds of open work are named ${work.kind}.`);
    this.#kinds.set(work.kind, work);
  }

  /** How much is open of each kind but the one named, counted up to `most`. */
  async count(tx: Tx, except: string, most: number): Promise<Pick<LoopReport, 'kind' | 'open'>[]> {
    const counts: Pick<LoopReport, 'kind' | 'open'>[] = [];
    for (const { kind, sql } of this.#kinds.values()) {
      if (kind === except) continue;
      const [count] = await tx.query<{ open: number }>(`select count(*)::int as open from (select 1 from (${sql}) work where ${MOMENT} limit $3) counted`, [tx.scope.clinicId, tx.clock.now(), most]);
      counts.push({ kind, open: count?.open ?? 0 });
    }
    return counts;
  }

  /** Looks through all open work of the clinic; names at most `limit` loose ends of each kind. */
  async check(tx: Tx, limit: number): Promise<LoopReport[]> {
    const reports: LoopReport[] = [];
    const now = tx.clock.now();
    for (const { kind, sql } of this.#kinds.values()) {
      const [count] = await tx.query<{ open: number }>(`select count(*)::int as open from (${sql}) work where ${MOMENT}`, [tx.scope.clinicId, now]);
      const rows = await tx.query<Row>(
        `select id, no_owner, no_action, no_date from (
           select id, coalesce(btrim(owner), '') = '' as no_owner, coalesce(btrim(next_action), '') = '' as no_action, due_at is null as no_date from (${sql}) work) judged
         where (no_owner or no_action or no_date) and ${MOMENT} order by id limit $3`,
        [tx.scope.clinicId, now, limit],
      );
      reports.push({ kind, open: count?.open ?? 0, loose: rows.map(looseEnd) });
    }
    return reports;
  }
}

/** PostgreSQL refuses a parameter that nothing uses, and most kinds are open whatever the time. */
const MOMENT = '$2::timestamptz is not null';

const looseEnd = (row: Row): LooseEnd => ({
  id: row.id,
  lacks: [...(row.no_owner ? ['owner' as const] : []), ...(row.no_action ? ['next action' as const] : []), ...(row.no_date ? ['date' as const] : [])],
});
