import { CairnError } from '@cairn/kernel';
import pg from 'pg';
import type { Scope } from '../tenancy/scope.js';
import { Gathering } from '../work/gathering.js';
import type { Transactions, Tx } from './tx.js';

/** With one transaction alone under way, PostgreSQL and this process would wait for each other; more than two make the groups too small. */
const RULES = { most: 50, atOnce: 2, maxWaiting: 1_000, busy: 'Too much is being written at once.' } as const;

/**
 * Transactions that several requests of one actor share when they come at the same time, so that a busy sender's small writes cost little more each than the
 * entries of a Bundle.
 *
 * They share the transaction, not its fate: where one is refused, each is done again in a transaction of its own, and only those that are refused there are.
 */
export class SharedTransactions<Item extends { readonly scope: Scope }, Answer> {
  readonly #gathering: Gathering<Item, Answer>;

  /** @param work does what all the items ask for and returns what came of each, in their order. The transaction has the scope of the first: that of all, but for the correlation id */
  constructor(transactions: Transactions, work: (tx: Tx, items: readonly [Item, ...Item[]]) => Promise<readonly Answer[]>) {
    this.#gathering = new Gathering({ ...RULES, apart: wasUndone }, async ([first, ...others]) => (first ? transactions.run(first.scope, (tx) => work(tx, [first, ...others])) : []));
  }

  /** Resolves with what came of the item when its transaction is committed. Refuses what the work refuses, and with 503 when too many wait. */
  run(item: Item): Promise<Answer> {
    const { clinicId, actor } = item.scope;
    return this.#gathering.add(JSON.stringify([clinicId, actor]), item);
  }
}

/** Whether nothing of the transaction was kept for certain: Cairn or PostgreSQL itself refused it. A connection that broke may have committed. */
const wasUndone = (error: unknown): boolean => error instanceof CairnError || error instanceof pg.DatabaseError;
