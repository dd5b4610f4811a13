import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { isUuid, newId, type Clock } from '@cairn/kernel';
import { Kysely, PostgresDialect, type PostgresPool } from 'kysely';
import type { Pool, PoolClient, QueryResultRow } from 'pg';
import type { Scope } from '../tenancy/scope.js';
import type { Queryable, Statement } from './query.js';

/** Names of the rows an event is about. Ids only: an event must never carry clinical content. */
export type EventIds = Readonly<Record<string, string>>;

/**
 * One PostgreSQL transaction, for one clinic and one actor. Row-level security sees the clinic (and, for a hospital's system, the
 * connection) of its scope, and who acts. Raw statements and the entity manager work on the same connection.
 */
export class Tx implements Queryable {
  #em: EntityManager | undefined;

  constructor(
    readonly scope: Scope,
    readonly clock: Clock,
    private readonly client: PoolClient,
    private readonly orm: MikroORM,
  ) {}

  /** The entity manager, joined to this transaction. Changes are flushed before the commit. */
  get em(): EntityManager {
    if (!this.#em) {
      const client = this.client;
      const connection = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: poolOfOne(client) }) });
      this.#em = this.orm.em.fork();
      this.#em.setTransactionContext(connection);
    }
    return this.#em;
  }

  /** Runs one statement and returns its rows. What the entity manager holds unflushed is not visible to it: call `flush` first. */
  async query<Row extends QueryResultRow = QueryResultRow>(statement: Statement | string, values?: readonly unknown[]): Promise<Row[]> {
    const config = typeof statement === 'string' ? { text: statement, values: values ? [...values] : [] } : { ...statement, values: [...(statement.values ?? [])] };
    const result = await this.client.query<Row>(config);
    return result.rows;
  }

  /** Writes what the entity manager holds. */
  async flush(): Promise<void> {
    await this.#em?.flush();
  }

  /**
   * Records that something happened, in this transaction. A relay hands it to every registered handler after the commit.
   * Returns the event's id.
   */
  async emit(event: string, ids: EventIds): Promise<string> {
    const id = newId();
    await this.query({
      name: 'outbox-insert',
      text: `insert into outbox (clinic_id, id, event, ids, correlation_id, created_at) values ($1, $2, $3, $4, $5, now())`,
      values: [this.scope.clinicId, id, event, JSON.stringify(ids), this.scope.correlationId],
    });
    await this.query(`select pg_notify('cairn_outbox', '')`);
    return id;
  }

  /** Wakes the sweepers once this transaction is committed: some row has become due now. */
  async ring(): Promise<void> {
    await this.query(`select pg_notify('cairn_due', '')`);
  }
}

/** The transaction's own connection, dressed as a pool so that the ORM's query builder works on it and never returns it. */
const poolOfOne = (client: PoolClient): PostgresPool => {
  const borrowed = new Proxy(client, {
    get: (target, property) => {
      if (property === 'release') return () => undefined;
      const value: unknown = Reflect.get(target, property);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  return { options: {}, connect: () => Promise.resolve(borrowed), end: () => Promise.resolve() };
};

const setting = (value: string | null): string => {
  if (value === null) return '';
  if (!isUuid(value)) throw new Error('A clinic or connection id must be a UUID.');
  return value;
};

const connectionOf = (scope: Scope): string | null => (scope.actor.kind === 'system' ? scope.actor.connectionId : null);

/** Who acts, as policies see it; nobody for Cairn's own work. */
const actorOf = ({ actor: { kind, id } }: Scope): string => (kind === 'cairn' ? '' : `${kind}:${id}`);

/** Opens transactions. The only way to the database for features. */
export class Transactions {
  constructor(
    private readonly pool: Pool,
    private readonly orm: MikroORM,
    readonly clock: Clock,
  ) {}

  /** Runs `work` in a transaction and returns its result. Any error rolls everything back, events included. */
  async run<T>(scope: Scope, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#within('begin', scope, work);
  }

  /** Like `run`, but PostgreSQL refuses writes. */
  async read<T>(scope: Scope, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#within('begin read only', scope, work);
  }

  /**
   * Runs `work` as the sweeper: it sees, over all clinics, the few columns that say what is due, and nothing clinical.
   */
  async sweep<T>(work: (database: Queryable) => Promise<T>): Promise<T> {
    const scope: Scope = { clinicId: '00000000-0000-0000-0000-000000000000', actor: { kind: 'cairn', id: 'sweeper' }, correlationId: 'sweep' };
    return this.#within(`begin; set local role cairn_sweeper`, scope, work);
  }

  async #within<T>(begin: string, scope: Scope, work: (tx: Tx) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    let broken: Error | undefined;
    try {
      await client.query(
        `${begin}; set local cairn.clinic_id = '${setting(scope.clinicId)}'; set local cairn.connection_id = '${setting(connectionOf(scope))}'; set local cairn.actor = ${client.escapeLiteral(actorOf(scope))}`,
      );
      const tx = new Tx(scope, this.clock, client, this.orm);
      const result = await work(tx);
      await tx.flush();
      await client.query('commit');
      return result;
    } catch (error) {
      await client.query('rollback').catch((rollbackError: Error) => {
        broken = rollbackError;
      });
      throw error;
    } finally {
      client.release(broken);
    }
  }
}
