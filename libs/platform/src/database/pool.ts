import pg from 'pg';
import type { Logger } from '../logging/logger.js';

/** The connection pool of the application's role. Instants come back as `Date`, numerics and bigints as text, dates as `YYYY-MM-DD` text. */
export function createPool(connectionString: string, size: number, logger: Logger): pg.Pool {
  const types = new pg.TypeOverrides();
  types.setTypeParser(pg.types.builtins.DATE, (text) => text);
  const pool = new pg.Pool({ connectionString, max: size, types, keepAlive: true, application_name: 'cairn' });
  // A connection that the server drops is replaced by the pool; without a listener the event would end the process.
  pool.on('error', (error) => logger.warn({ event: 'database.connection-lost', error: error.message }));
  return pool;
}

/** Injection token for the `pg.Pool`. */
export const POOL = Symbol('Pool');
