import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const rolesFile = fileURLToPath(new URL('../postgres/roles.sql', import.meta.url));

/**
 * Makes Cairn's roles, and its database where it is missing. Does no harm when done again.
 *
 * @param {import('./postgres.mjs').Postgres} server
 * @param {{ ownerPassword: string, appPassword: string }} secrets
 * @param {string} [name] the database; none is made without a name
 * @returns {Promise<{ ownerUrl: string, appUrl: string }>} addresses for migrations and for the processes
 */
export async function prepareDatabase(server, { ownerPassword, appPassword }, name) {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: server.superuserUrl });
  await client.connect();
  try {
    const roles = await readFile(rolesFile, 'utf8');
    await client.query(
      roles
        .replace(":'owner_password'", () => client.escapeLiteral(ownerPassword))
        .replace(":'app_password'", () => client.escapeLiteral(appPassword)),
    );
    if (name) {
      const { rowCount } = await client.query('select from pg_database where datname = $1', [name]);
      if (!rowCount) await client.query(`create database ${client.escapeIdentifier(name)} owner cairn_owner`);
    }
  } finally {
    await client.end();
  }
  return {
    ownerUrl: server.url('cairn_owner', ownerPassword, name ?? 'postgres'),
    appUrl: server.url('cairn_app', appPassword, name ?? 'postgres'),
  };
}
