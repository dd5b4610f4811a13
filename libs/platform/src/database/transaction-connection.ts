import type { PoolClient, QueryResult, QueryResultRow } from 'pg';
import { asConfig, sendLed, type LeadStatement } from './led-query.js';
import type { Statement } from './query.js';
import { PLAN_BY_VALUES, PLAN_ONCE } from './session-settings.js';

const NOTHING = { name: 'cairn-nothing', text: 'select', values: [] };

/**
 * The connection of one transaction. Statements are sent at once and answered in their order, so what opens the transaction travels with its
 * first statement, and the last statements with the commit: a round trip each.
 */
export class TransactionConnection {
  #opened = false;
  #planningOnce = false;

  constructor(
    private readonly client: PoolClient,
    private readonly opening: readonly LeadStatement[],
  ) {}

  /** Runs a statement of the transaction. */
  async query<Row extends QueryResultRow>(statement: Statement): Promise<QueryResult<Row>> {
    const leads = [...(this.#opened ? [] : this.opening), ...this.#planning(statement.plannedOnce ?? false)];
    this.#opened = true;
    return leads.length === 0 ? this.client.query<Row>(asConfig(statement)) : sendLed<Row>(this.client, leads, statement);
  }

  /** The connection itself, for work that sends statements of its own. */
  async begun(): Promise<PoolClient> {
    if (!this.#opened || this.#planningOnce) await this.query(NOTHING);
    return this.client;
  }

  /** Makes the last statements and commits, all in one message. Does nothing where nothing was ever asked. */
  async commit(last: readonly Statement[]): Promise<void> {
    if (!this.#opened && last.length === 0) return;
    const { stream } = this.client.connection;
    stream.cork();
    const sent = last.map((statement) => this.query(statement));
    const committed = this.client.query('commit');
    stream.uncork();
    const outcomes = await Promise.allSettled([...sent, committed]);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    const ended = outcomes.at(-1);
    if (ended?.status === 'fulfilled' && ended.value.command !== 'COMMIT') throw new Error('The transaction had failed, and its work went on as if it had not.');
  }

  /** What changes how statements are planned, where the next one is to be planned otherwise than the last. */
  #planning(once: boolean): readonly LeadStatement[] {
    if (once === this.#planningOnce) return [];
    this.#planningOnce = once;
    return [once ? PLAN_ONCE : PLAN_BY_VALUES];
  }

  async rollback(): Promise<void> {
    if (this.#opened) await this.client.query('rollback');
  }
}
