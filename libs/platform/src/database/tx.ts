import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { newId, type Clock } from '@cairn/kernel';
import { Kysely, PostgresDialect, type PostgresPool } from 'kysely';
import type { Pool, PoolClient, QueryResultRow } from 'pg';
import type { Scope } from '../tenancy/scope.js';
import type { Queryable, Reading, Statement } from './query.js';
import { opening, type Opening } from './session-settings.js';
import { SharedLooks } from './shared-looks.js';
import { TransactionConnection } from './transaction-connection.js';

/** Names of the rows an event is about. Ids only: an event must never carry clinical content. */
export type EventIds = Readonly<Record<string, string>>;

/**
 * One PostgreSQL transaction, for one clinic and one actor. Row-level security sees the clinic (and, for a hospital's system, the
 * connection) of its scope, and who acts. Raw statements and the entity manager work on the same connection.
 */
export class Tx implements Reading {
  #em: EntityManager | undefined;
  readonly #last: Statement[] = [];
  readonly #bells = new Set<string>();

  constructor(
    readonly scope: Scope,
    readonly clock: Clock,
    private readonly connection: TransactionConnection,
    private readonly orm: MikroORM,
  ) {}

  /** The entity manager, joined to this transaction. Changes are flushed before the commit. */
  get em(): EntityManager {
    if (!this.#em) {
      const connection = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: poolOfOne(this.connection) }) });
      this.#em = this.orm.em.fork();
      this.#em.setTransactionContext(connection);
    }
    return this.#em;
  }

  /** Runs one statement and returns its rows. What the entity manager holds unflushed is not visible to it: call `flush` first. */
  async query<Row extends QueryResultRow = QueryResultRow>(statement: Statement | string, values?: readonly unknown[]): Promise<Row[]> {
    const result = await this.connection.query<Row>(asStatement(statement, values));
    return result.rows;
  }

  /** Runs a statement when all work is done, together with the commit. For records of what was done, which nobody reads in the same transaction. */
  atEnd(statement: Statement): void {
    this.#last.push(statement);
  }

  /** Writes what the entity manager holds. */
  async flush(): Promise<void> {
    await this.#em?.flush();
  }

  /** Makes what was left for the end, and commits. */
  async commit(): Promise<void> {
    await this.flush();
    await this.connection.commit([...this.#last, ...[...this.#bells].map((bell) => ({ text: `select pg_notify('${bell}', '')` }))]);
  }

  /**
   * Records that something happened, in this transaction. A relay hands it to every registered handler after the commit.
   * Returns the event's id.
   */
  async emit(event: string, ids: EventIds): Promise<string> {
    const id = newId();
    this.atEnd({
      name: 'outbox-insert',
      text: `insert into outbox (clinic_id, id, event, ids, correlation_id, created_at) values ($1, $2, $3, $4, $5, now())`,
      values: [this.scope.clinicId, id, event, JSON.stringify(ids), this.scope.correlationId],
    });
    this.#bells.add('cairn_outbox');
    return id;
  }

  /** Wakes the sweepers once this transaction is committed: some row has become due now. */
  async ring(): Promise<void> {
    this.#bells.add('cairn_due');
  }
}

const asStatement = (statement: Statement | string, values?: readonly unknown[]): Statement =>
  typeof statement === 'string' ? { text: statement, ...(values ? { values } : {}) } : statement;

/** The transaction's own connection, dressed as a pool so that the ORM's query builder works on it and never returns it. */
const poolOfOne = (connection: TransactionConnection): PostgresPool => {
  const borrowed = (client: PoolClient): PoolClient =>
    new Proxy(client, {
      get: (target, property) => {
        if (property === 'release') return () => undefined;
        const value: unknown = Reflect.get(target, property);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  return { options: {}, connect: async () => borrowed(await connection.begun()), end: () => Promise.resolve() };
};

/** Opens transactions. The only way to the database for features. */
export class Transactions {
  readonly #looks: SharedLooks;

  constructor(
    private readonly pool: Pool,
    private readonly orm: MikroORM,
    readonly clock: Clock,
  ) {
    this.#looks = new SharedLooks(pool);
  }

  /** Runs `work` in a transaction and returns its result. Any error rolls everything back, events included. */
  async run<T>(scope: Scope, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#within('begin', scope, work);
  }

  /** Like `run`, but PostgreSQL refuses writes. */
  async read<T>(scope: Scope, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#within('begin read only', scope, work);
  }

  /** Like `run`, but every statement sees the database as it was at the first of them. For work that reads much and must fit together. */
  async snapshot<T>(scope: Scope, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#within('begin isolation level repeatable read', scope, work);
  }

  /**
   * Reads for a scope without a transaction around it all: each statement is one of its own, and sees what is committed when it runs.
   * PostgreSQL refuses writes. A statement costs one round trip, settings of row-level security included, or a share of one where it is brief.
   */
  look(scope: Scope): Reading {
    return {
      scope,
      clock: this.clock,
      query: async <Row extends QueryResultRow>(statement: Statement | string, values?: readonly unknown[]) =>
        (await this.#looks.look({ scope, statement: asStatement(statement, values) })).rows as Row[],
    };
  }

  /**
   * Runs `work` as the sweeper: it sees, over all clinics, the few columns that say what is due, and nothing clinical.
   */
  async sweep<T>(work: (database: Queryable) => Promise<T>): Promise<T> {
    const scope: Scope = { clinicId: '00000000-0000-0000-0000-000000000000', actor: { kind: 'cairn', id: 'sweeper' }, correlationId: 'sweep' };
    return this.#within('begin', scope, async (tx) => {
      await tx.query('set local role cairn_sweeper');
      return work(tx);
    });
  }

  async #within<T>(begin: Opening['begin'], scope: Scope, work: (tx: Tx) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    let broken: Error | undefined;
    const connection = new TransactionConnection(client, opening({ begin, scope }));
    try {
      const tx = new Tx(scope, this.clock, connection, this.orm);
      const result = await work(tx);
      await tx.commit();
      return result;
    } catch (error) {
      await connection.rollback().catch((rollbackError: Error) => {
        broken = rollbackError;
      });
      throw error;
    } finally {
      client.release(broken);
    }
  }
}
