import type { Pool } from 'pg';
import type { Config } from '../config/config.js';

/**
 * Refuses to run demo mode on a database that demo mode did not make, and the reverse: demo powers must never reach real patients.
 * Source: access.md of the design, point 5.
 */
export async function checkInstance(pool: Pool, config: Pick<Config, 'CAIRN_MODE'>): Promise<void> {
  const { rows } = await pool.query<{ mode: string }>('select mode from instance').catch((cause: unknown) => {
    throw new Error('The database has no Cairn schema. Run "npm run cairn -- migrate" first.', { cause });
  });
  const made = rows[0]?.mode;
  if (made !== config.CAIRN_MODE) {
    throw new Error(`This database was made in ${made ?? 'unknown'} mode and CAIRN_MODE is ${config.CAIRN_MODE}. Use a database of its own for each.`);
  }
}
