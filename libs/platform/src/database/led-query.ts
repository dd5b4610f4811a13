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
  readonly _result: { _types?: object };
  handleRowDescription(message: object): void;
  handleDataRow(message: object): void;
  handleCommandComplete(message: object, connection: Connection): void;
  handleEmptyQuery(connection: Connection): void;
  handleError(error: Error, connection: Connection): void;
  handleReadyForQuery(connection: Connection): void;
}

/**
 * Statements that travel in one message and are answered together: the leading ones, then those whose rows are wanted. Unless one of them
 * begins a transaction they are one of their own (PostgreSQL, 54.2.4 "Pipelining"), and what the leading ones set is in force for the others.
 * Costs one round trip, and hardly more than the others alone.
 */
class LedQuery implements Submittable, Handling {
  readonly #leads: readonly LeadStatement[];
  readonly #queries: readonly (pg.Query & Handling)[];
  #leadsUnanswered: number;
  #answered = 0;

  /** @param callback is called with the results in the order of the statements, or with the error of any */
  constructor(
    leads: readonly LeadStatement[],
    private readonly statements: readonly Statement[],
    private readonly callback: (error: Error | undefined, results: QueryResult[]) => void,
  ) {
    this.#leads = leads;
    this.#leadsUnanswered = leads.length;
    const results: QueryResult[] = [];
    const take = (error: Error | undefined, result: QueryResult): void => {
      if (error) callback(error, []);
      else if (results.push(result) === statements.length) callback(undefined, results);
    };
    this.#queries = statements.map((statement) => new pg.Query({ ...asConfig(statement), queryMode: 'extended' } as pg.QueryConfig, take) as pg.Query & Handling);
  }

  // What pg looks at while a statement is parsed: always the one that is answered next.
  get name(): string | undefined {
    return this.statements[this.#answered]?.name;
  }

  get text(): string {
    return this.statements[this.#answered]?.text ?? '';
  }

  get _result(): Handling['_result'] {
    return this.#current._result;
  }

  get #current(): pg.Query & Handling {
    const query = this.#queries[this.#answered] ?? this.#queries.at(-1);
    if (!query) throw new Error('A message needs a statement.');
    return query;
  }

  submit(connection: Connection): void {
    const { stream } = connection;
    // Only the last ends the message, and with it what the leading ones set.
    const unended = Object.create(connection, { sync: { value: () => undefined } }) as Connection;
    stream.cork();
    try {
      for (const { name, values } of this.#leads) {
        connection.bind({ portal: '', statement: name, values: [...values] }, true);
        connection.execute(null, true);
      }
      for (const { _result } of this.#queries) Object.assign(_result, { _types: this._result._types });
      for (const query of this.#queries.slice(0, -1)) query.submit(unended);
      return this.#queries.at(-1)?.submit(connection);
    } finally {
      stream.uncork();
    }
  }

  handleRowDescription(message: object): void {
    this.#current.handleRowDescription(message);
  }

  handleDataRow(message: object): void {
    if (this.#leadsUnanswered === 0) this.#current.handleDataRow(message);
  }

  handleCommandComplete(message: object, connection: Connection): void {
    if (this.#leadsUnanswered > 0) {
      this.#leadsUnanswered--;
      return;
    }
    this.#current.handleCommandComplete(message, connection);
    this.#answered++;
  }

  handleEmptyQuery(connection: Connection): void {
    this.#current.handleEmptyQuery(connection);
  }

  handleError(error: Error): void {
    this.callback(error, []);
  }

  handleReadyForQuery(connection: Connection): void {
    for (const query of this.#queries) query.handleReadyForQuery(connection);
  }
}

/** The statement as pg takes it. Statements can travel together only by the extended protocol, in which they always have values. */
export const asConfig = (statement: Statement): pg.QueryConfig => ({ ...statement, values: [...(statement.values ?? [])] });

/** Sends statements together with those that lead them, and returns their results in order. An error of any of them rejects. */
function sendAll(client: ClientBase, leads: readonly LeadStatement[], statements: readonly Statement[]): Promise<QueryResult[]> {
  return new Promise((resolve, reject) => {
    client.query(new LedQuery(leads, statements, (error, results) => (error ? reject(error) : resolve(results))));
  });
}

/** Sends a statement together with those that lead it, and returns its result. An error of any of them rejects. */
export async function sendLed<Row extends QueryResultRow>(client: ClientBase, leads: readonly LeadStatement[], statement: Statement): Promise<QueryResult<Row>> {
  const [result] = await sendAll(client, leads, [statement]);
  return result as QueryResult<Row>;
}

/** The same on some connection of the pool, as a transaction of its own. */
export async function sendAlone<Row extends QueryResultRow>(pool: Pool, leads: readonly LeadStatement[], statement: Statement): Promise<QueryResult<Row>> {
  // What PostgreSQL itself refuses leaves the connection as it was.
  return onConnection(pool, (client) => sendLed<Row>(client, leads, statement), (error) => !(error instanceof pg.DatabaseError));
}

/** Sends several statements as one transaction. Where one of them is refused the connection is given up: which of the others it has prepared is not known. */
export async function sendTogether(pool: Pool, leads: readonly LeadStatement[], statements: readonly Statement[]): Promise<QueryResult[]> {
  return onConnection(pool, (client) => sendAll(client, leads, statements), () => true);
}

async function onConnection<T>(pool: Pool, work: (client: ClientBase) => Promise<T>, breaks: (error: unknown) => boolean): Promise<T> {
  const client = await pool.connect();
  let broken = false;
  try {
    return await work(client);
  } catch (error) {
    broken = breaks(error);
    throw error;
  } finally {
    client.release(broken);
  }
}
