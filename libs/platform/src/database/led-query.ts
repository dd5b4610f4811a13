import pg, { type ClientBase, type Connection, type Pool, type QueryResult, type QueryResultRow, type Submittable } from 'pg';
import type { Statement } from './query.js';

/** A statement that was prepared when its connection was made, and whose result nobody looks at. */
export interface LeadStatement {
  readonly name: string;
  readonly values: readonly string[];
}

/** How a query takes the server's messages. pg calls these on whatever is submitted to it; its types leave them out. */
interface Handling {
  /** Rows so far, with the parsers of the client, which sets them here. */
  readonly _result: object;
  handleRowDescription(message: object): void;
  handleDataRow(message: object): void;
  handleCommandComplete(message: object, connection: Connection): void;
  handleEmptyQuery(connection: Connection): void;
  handleError(error: Error, connection: Connection): void;
  handleReadyForQuery(connection: Connection): void;
}

/**
 * Statements that travel in one message and are answered together: the leading ones, then the one whose rows are wanted. Unless one of them
 * begins a transaction they are one of their own (PostgreSQL, 54.2.4 "Pipelining"), and what the leading ones set is in force for the last.
 * Costs one round trip, and hardly more than the last statement alone.
 */
class LedQuery implements Submittable, Handling {
  readonly #query: pg.Query & Handling;
  readonly #leads: readonly LeadStatement[];
  #unanswered: number;
  readonly name: string | undefined;
  readonly text: string;
  readonly values: readonly unknown[];

  constructor(leads: readonly LeadStatement[], statement: Statement, callback: (error: Error | undefined, result: QueryResult) => void) {
    this.#leads = leads;
    this.#unanswered = leads.length;
    this.name = statement.name;
    this.text = statement.text;
    this.values = statement.values ?? [];
    this.#query = new pg.Query({ ...asConfig(statement), queryMode: 'extended' } as pg.QueryConfig, (error, result) => callback(error, result)) as pg.Query & Handling;
  }

  get _result(): object {
    return this.#query._result;
  }

  submit(connection: Connection): void {
    connection.stream.cork();
    try {
      for (const { name, values } of this.#leads) {
        connection.bind({ portal: '', statement: name, values: [...values] }, true);
        connection.execute(null, true);
      }
      return this.#query.submit(connection);
    } finally {
      connection.stream.uncork();
    }
  }

  handleRowDescription(message: object): void {
    this.#query.handleRowDescription(message);
  }

  handleDataRow(message: object): void {
    if (this.#unanswered === 0) this.#query.handleDataRow(message);
  }

  handleCommandComplete(message: object, connection: Connection): void {
    if (this.#unanswered > 0) this.#unanswered--;
    else this.#query.handleCommandComplete(message, connection);
  }

  handleEmptyQuery(connection: Connection): void {
    this.#query.handleEmptyQuery(connection);
  }

  handleError(error: Error, connection: Connection): void {
    this.#query.handleError(error, connection);
  }

  handleReadyForQuery(connection: Connection): void {
    this.#query.handleReadyForQuery(connection);
  }
}

/** The statement as pg takes it. Statements can travel together only by the extended protocol, in which they always have values. */
export const asConfig = (statement: Statement): pg.QueryConfig => ({ ...statement, values: [...(statement.values ?? [])] });

/** Sends a statement together with those that lead it, and returns its result. An error of any of them rejects. */
export function sendLed<Row extends QueryResultRow>(client: ClientBase, leads: readonly LeadStatement[], statement: Statement): Promise<QueryResult<Row>> {
  return new Promise((resolve, reject) => {
    client.query(new LedQuery(leads, statement, (error, result: QueryResult) => (error ? reject(error) : resolve(result as QueryResult<Row>))));
  });
}

/** The same on some connection of the pool, as a transaction of its own. */
export async function sendAlone<Row extends QueryResultRow>(pool: Pool, leads: readonly LeadStatement[], statement: Statement): Promise<QueryResult<Row>> {
  const client = await pool.connect();
  let broken = false;
  try {
    return await sendLed<Row>(client, leads, statement);
  } catch (error) {
    // What PostgreSQL itself refuses leaves the connection as it was.
    broken = !(error instanceof pg.DatabaseError);
    throw error;
  } finally {
    client.release(broken);
  }
}
