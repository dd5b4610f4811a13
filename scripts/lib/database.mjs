import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const rolesFile = fileURLToPath(new URL('../postgres/roles.sql', import.meta.url));

/**
 * Makes Cairn's roles, and its database where it is missing. Does no harm when done again.
 *
 * @param {import('./postgres.mjs').Postgres} server
 * @param {{ ownerPassword: string, appPassword: string }} secrets
 * @param {string} [name] the database; none is made without a name
 * @returns {Promise<{ ownerUrl: string, appUrl: string, preparation?: string }>} addresses for migrations and for the processes,
 *   and what {@link notePreparation} last noted on the database
 */
export async function prepareDatabase(server, { ownerPassword, appPassword }, name) {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: server.superuserUrl });
  /** @type {string | undefined} */
  let preparation;
  await client.connect();
  try {
    const roles = await readFile(rolesFile, 'utf8');
    await client.query(
      roles
        .replace(":'owner_password'", () => client.escapeLiteral(ownerPassword))
        .replace(":'app_password'", () => client.escapeLiteral(appPassword)),
    );
    if (name) {
      const { rows } = await client.query(`select shobj_description(oid, 'pg_database') as noted from pg_database where datname = $1`, [name]);
      preparation = rows[0]?.noted ?? undefined;
      if (rows.length === 0) await client.query(`create database ${client.escapeIdentifier(name)} owner cairn_owner`);
    }
  } finally {
    await client.end();
  }
  return {
    ownerUrl: server.url('cairn_owner', ownerPassword, name ?? 'postgres'),
    appUrl: server.url('cairn_app', appPassword, name ?? 'postgres'),
    preparation,
  };
}

/**
 * Notes on the database itself what it was migrated and seeded by: the note goes wherever its data go, into a copy of the folder too.
 *
 * @param {string} ownerUrl
 * @param {string} preparation
 */
export async function notePreparation(ownerUrl, preparation) {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await client.query(`comment on database ${client.escapeIdentifier(client.database ?? '')} is ${client.escapeLiteral(preparation)}`);
  } finally {
    await client.end();
  }
}
