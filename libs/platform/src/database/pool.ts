import pg from 'pg';
import type { Logger } from '../logging/logger.js';
import { prepareSession } from './session-settings.js';

/** The type text[]; pg has no name for it. */
const TEXT_ARRAY: number = 1009;
/** Names of resources, ids, numbers: what PostgreSQL writes without quotes and has neither nothing nor null among it. Most lists are such. */
const PLAIN_TEXTS = /^\{(?!null\b)[\w/.:-]+(,(?!null\b)[\w/.:-]+)*\}$/i;

/**
 * The connection pool of the application's role. Instants come back as `Date`, numerics and bigints as text, dates as `YYYY-MM-DD` text.
 * Statements are sent without waiting for the answer to the one before.
 *
 * @param settings of its sessions, such as `-c synchronous_commit=off`
 */
export function createPool(connectionString: string, size: number, logger: Logger, settings?: string): pg.Pool {
  const types = new pg.TypeOverrides();
  types.setTypeParser(pg.types.builtins.DATE, (text) => text);
  const anyTexts = pg.types.getTypeParser(TEXT_ARRAY, 'text') as (text: string) => string[];
  types.setTypeParser(TEXT_ARRAY, (text) => (PLAIN_TEXTS.test(text) ? text.slice(1, -1).split(',') : anyTexts(text)));
  const pool = new pg.Pool({
    connectionString,
    max: size,
    types,
    keepAlive: true,
    application_name: 'cairn',
    pipeline: true,
    // Called once for each new connection, before it is first used.
    verify: (client, done) => void prepareSession(client).then(() => done(), done),
    ...(settings ? { options: settings } : {}),
  });
  // A connection that the server drops is replaced by the pool; without a listener the event would end the process.
  pool.on('error', (error) => logger.warn({ event: 'database.connection-lost', error: error.message }));
  return pool;
}

/** Injection token for the `pg.Pool`. */
export const POOL = Symbol('Pool');
