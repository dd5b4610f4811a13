import type { Clock } from '@cairn/kernel';
import type { QueryResultRow } from 'pg';
import type { Scope } from '../tenancy/scope.js';

/** One SQL statement. With a `name` it is prepared once per connection and reused. */
export interface Statement {
  readonly name?: string;
  readonly text: string;
  readonly values?: readonly unknown[];
  /**
   * Planned once per connection, for any values. PostgreSQL would plan it anew each time, because it takes an array whose length it doesn't know for a long one;
   * for a large statement about a few rows that costs more than all that it does.
   */
  readonly plannedOnce?: boolean;
  /** Reads a few rows by an index, whatever its values are, so that those of other requests may travel with it and wait for it. */
  readonly brief?: boolean;
}

/** Runs statements and returns their rows. */
export interface Queryable {
  query<Row extends QueryResultRow = QueryResultRow>(statement: Statement | string, values?: readonly unknown[]): Promise<Row[]>;
}

/** What somebody may read, as row-level security shows it to their scope: a transaction, or statements that each stand alone. */
export interface Reading extends Queryable {
  readonly scope: Scope;
  readonly clock: Clock;
}
