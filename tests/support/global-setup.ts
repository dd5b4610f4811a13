import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import pg from 'pg';

/** The migrated database that every test database is copied from. */
export const templateDatabase = 'cairn_template';

/**
 * Makes the template once per run, by the command that operators use: what the tests see is what `npm run cairn -- migrate` makes.
 */
export default async function globalSetup(): Promise<void> {
  const superuserUrl = process.env['CAIRN_TEST_SUPERUSER_URL'];
  const ownerUrl = process.env['CAIRN_TEST_OWNER_URL'];
  if (!superuserUrl || !ownerUrl) throw new Error('These tests need a database: run them with `npm test -- <files>`, which brings one.');
  const client = new pg.Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    await client.query(`create database ${templateDatabase} owner cairn_owner`);
  } finally {
    await client.end();
  }
  const url = new URL(ownerUrl);
  url.pathname = `/${templateDatabase}`;
  await promisify(execFile)(process.execPath, ['dist/programs/cli.js', 'migrate'], {
    env: { ...process.env, CAIRN_MODE: 'demo', DATABASE_OWNER_URL: url.href },
  });
}
