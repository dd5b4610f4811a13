import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** A database of one test's own, migrated and empty. */
export interface TestDatabase {
  /** Address for the application's role, as `DATABASE_URL`. Row-level security applies. */
  readonly appUrl: string;
  /** Address for the role that owns the schema, as `DATABASE_OWNER_URL`. */
  readonly ownerUrl: string;
  /** Ends every session in the database and removes it. */
  drop(): Promise<void>;
}

/** Copies the migrated template into a new database (50–300 ms). Refuses outside `npm test`, which brings the server. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await administer(`create database ${name} template cairn_template owner cairn_owner`);
  return {
    appUrl: addressOf('CAIRN_TEST_APP_URL', name),
    ownerUrl: addressOf('CAIRN_TEST_OWNER_URL', name),
    drop: () => administer(`drop database if exists ${name} with (force)`),
  };
}

async function administer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: addressOf('CAIRN_TEST_SUPERUSER_URL') });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function addressOf(variable: string, database?: string): string {
  const value = process.env[variable];
  if (!value) throw new Error(`${variable} is not set: run the tests with \`npm test -- <files>\`, which brings a database server.`);
  const url = new URL(value);
  if (database) url.pathname = `/${database}`;
  return url.href;
}
