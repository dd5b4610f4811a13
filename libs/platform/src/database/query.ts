import type { QueryResultRow } from 'pg';

/** One SQL statement. With a `name` it is prepared once per connection and reused. */
export interface Statement {
  readonly name?: string;
  readonly text: string;
  readonly values?: readonly unknown[];
}

/** Runs statements and returns their rows. */
export interface Queryable {
  query<Row extends QueryResultRow = QueryResultRow>(statement: Statement | string, values?: readonly unknown[]): Promise<Row[]>;
}
