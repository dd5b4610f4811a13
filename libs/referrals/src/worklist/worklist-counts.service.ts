import { Injectable } from '@nestjs/common';
import { OpenLoops, Transactions, type Scope, type Tx } from '@cairn/platform';
import { openReferrals } from '../referral.loops.js';
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
  /** What waits for people of the clinic beside referrals, by kind: refused writes that may have carried one, letters, escalations … Left out where one view is asked for. */
  readonly otherWork?: readonly OtherWork[];
}

/** How much of a kind waits, in lists of its own. */
export interface OtherWork extends Count {
  readonly kind: string;
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
/** What was counted up to one more than is told. */
const countOf = (counted: number): Count => ({ count: Math.min(counted, COUNTED), atLeast: counted > COUNTED, text: counted > COUNTED ? `${COUNTED}+` : String(counted) });
const NONE = countOf(0);

/** Counts the views. Many people look at the same numbers: each is counted at most every five seconds in a process, and once at a time. */
@Injectable()
export class WorklistCounts {
  readonly #kept = new Map<string, Counted>();
  readonly #other = new Map<string, { readonly at: number; readonly asOf: Date; readonly work: Promise<readonly OtherWork[]> }>();

  constructor(
    private readonly transactions: Transactions,
    private readonly teams: ReferralTeams,
    private readonly loops: OpenLoops,
  ) {}

  /** Counts narrowed by filters are always of this moment. */
  async counts(scope: Scope, { view, ...filters }: CountsQuery): Promise<Counts> {
    const views = view ? [view] : VIEWS;
    if (Object.values(filters).some((value) => value !== undefined)) {
      return { asOf: this.transactions.clock.now(), views: Object.fromEntries(await this.#countAll(scope, views, filters)) };
    }
    const counted = this.#recent(scope, views);
    const done = await Promise.all(counted.map(async ([each, { count }]) => [each, await count] as const));
    const other = view ? undefined : this.#otherWork(scope);
    const asOf = new Date(Math.min(...[...counted.map(([, each]) => each), ...(other ? [other] : [])].map((each) => each.asOf.getTime())));
    return { asOf, views: Object.fromEntries(done), ...(other ? { otherWork: await other.work } : {}) };
  }

  /** What waits beside referrals, counted as seldom. */
  #otherWork(scope: Scope): { readonly asOf: Date; readonly work: Promise<readonly OtherWork[]> } {
    const now = performance.now();
    const kept = this.#other.get(scope.clinicId);
    if (kept && now - kept.at < OLDEST_MS) return kept;
    const counted = this.transactions.read(scope, (tx) => this.loops.count(tx, openReferrals.kind, COUNTED + 1));
    counted.catch(() => this.#other.delete(scope.clinicId));
    const fresh = { at: now, asOf: this.transactions.clock.now(), work: counted.then((kinds) => kinds.map(({ kind, open }) => ({ kind, ...countOf(open) }))) };
    if (this.#other.size >= MOST_KEPT) this.#other.clear();
    this.#other.set(scope.clinicId, fresh);
    return fresh;
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
    return countOf(row?.count ?? 0);
  }
}
