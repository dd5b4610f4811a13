import { Injectable } from '@nestjs/common';
import { Transactions, type Scope, type Tx } from '@cairn/platform';
import { ReferralTeams } from './referral-teams.service.js';
import { PERSONAL_VIEWS, VIEWS, type View, type WorklistFilters } from './worklist.js';
import { countStatement, narrowing, type Narrowing } from './worklist.statement.js';

/** A number up to 1,000; `atLeast` says that there are more. `text` is how people read it. */
export interface Count {
  readonly count: number;
  readonly atLeast: boolean;
  readonly text: string;
}

/** How many referrals each view holds, and as of when. */
export interface Counts {
  readonly asOf: Date;
  readonly views: Partial<Record<View, Count>>;
}

export interface CountsQuery extends WorklistFilters {
  readonly view?: View | undefined;
}

interface Counted {
  readonly at: number;
  readonly asOf: Date;
  readonly count: Promise<Count>;
}

const COUNTED = 1000;
/** How old a count may be, in milliseconds. */
const OLDEST_MS = 5000;
const MOST_KEPT = 5000;
const NONE: Count = { count: 0, atLeast: false, text: '0' };

/** Counts the views. Many people look at the same numbers: each is counted at most every five seconds in a process, and once at a time. */
@Injectable()
export class WorklistCounts {
  readonly #kept = new Map<string, Counted>();

  constructor(
    private readonly transactions: Transactions,
    private readonly teams: ReferralTeams,
  ) {}

  /** Counts narrowed by filters are always of this moment. */
  async counts(scope: Scope, { view, ...filters }: CountsQuery): Promise<Counts> {
    const views = view ? [view] : VIEWS;
    if (Object.values(filters).some((value) => value !== undefined)) {
      return { asOf: this.transactions.clock.now(), views: Object.fromEntries(await this.#countAll(scope, views, filters)) };
    }
    const counted = this.#recent(scope, views);
    const done = await Promise.all(counted.map(async ([each, { count }]) => [each, await count] as const));
    const asOf = new Date(Math.min(...counted.map(([, each]) => each.asOf.getTime())));
    return { asOf, views: Object.fromEntries(done) };
  }

  /** What was counted lately, and the rest counted together now. */
  #recent(scope: Scope, views: readonly View[]): (readonly [View, Counted])[] {
    const now = performance.now();
    const keyOf = (view: View): string => `${scope.clinicId} ${view} ${PERSONAL_VIEWS.includes(view) ? scope.actor.id : ''}`;
    const isRecent = (view: View): boolean => now - (this.#kept.get(keyOf(view))?.at ?? -Infinity) < OLDEST_MS;
    const due = views.filter((view) => !isRecent(view));
    if (due.length > 0) {
      if (this.#kept.size >= MOST_KEPT) this.#kept.clear();
      const asOf = this.transactions.clock.now();
      const all = this.#countAll(scope, due, {});
      all.catch(() => due.forEach((view) => this.#kept.delete(keyOf(view))));
      for (const view of due) this.#kept.set(keyOf(view), { at: now, asOf, count: all.then((counted) => counted.get(view) ?? NONE) });
    }
    return views.flatMap((view) => {
      const kept = this.#kept.get(keyOf(view));
      return kept ? [[view, kept] as const] : [];
    });
  }

  async #countAll(scope: Scope, views: readonly View[], filters: WorklistFilters): Promise<Map<View, Count>> {
    return this.transactions.read(scope, async (tx) => {
      const counted = new Map<View, Count>();
      const narrowed = await narrowing(tx, filters);
      for (const view of views) counted.set(view, await this.#count(tx, view, narrowed));
      return counted;
    });
  }

  async #count(tx: Tx, view: View, narrowed: Narrowing): Promise<Count> {
    const { clinicId, actor } = tx.scope;
    const teams = view === 'my-team' ? await this.teams.ofPerson(tx, actor.id) : [];
    const [row] = await tx.query<{ count: number }>(countStatement(view, narrowed, { clinicId, personId: actor.id, teams, now: tx.clock.now() }, COUNTED + 1));
    const count = row?.count ?? 0;
    return { count: Math.min(count, COUNTED), atLeast: count > COUNTED, text: count > COUNTED ? `${COUNTED}+` : String(count) };
  }
}
