import { MikroORM, type Options } from '@mikro-orm/postgresql';
import { Migrator, type Migration } from '@mikro-orm/migrations';
import { runMigrations } from 'bullmq';
import pg from 'pg';
import type { Config } from '../config/config.js';

/** A migration class with the name under which it is recorded. */
export interface NamedMigration {
  readonly name: string;
  readonly class: new (...args: ConstructorParameters<typeof Migration>) => Migration;
}

/**
 * Brings the database that `ownerUrl` names to the newest schema, all or nothing, and BullMQ's schema with it. Returns the names of
 * the migrations that ran. A new database is marked with the mode it was made in. Needs the roles `cairn_app` and `cairn_sweeper` to exist.
 */
export async function migrate(ownerUrl: string, migrations: readonly NamedMigration[], mode: Config['CAIRN_MODE']): Promise<string[]> {
  const options: Options = {
    clientUrl: ownerUrl,
    entities: [],
    discovery: { warnWhenNoEntities: false },
    extensions: [Migrator],
    migrations: {
      tableName: 'cairn_migration',
      migrationsList: [...migrations].sort((a, b) => a.name.localeCompare(b.name)).map(({ name, class: migration }) => ({ name, class: migration })),
      snapshot: false,
      allOrNothing: true,
      silent: true,
    },
  };
  const orm = await MikroORM.init(options);
  try {
    const ran = await orm.migrator.up();
    await prepareInstance(ownerUrl, mode);
    return ran.map((migration) => migration.name);
  } finally {
    await orm.close(true);
  }
}

async function prepareInstance(ownerUrl: string, mode: Config['CAIRN_MODE']): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await client.query('insert into instance (mode) values ($1) on conflict do nothing', [mode]);
    await client.query('insert into demo_clock default values on conflict do nothing');
    await client.query('create schema if not exists bullmq');
    await runMigrations(client, 'bullmq');
    // BullMQ makes one sequence for each queue when it is first used, hence "create". Those are the application's own: the next migration
    // may not grant them, and need not.
    await client.query(`
      grant usage, create on schema bullmq to cairn_app;
      grant select, insert, update, delete on all tables in schema bullmq to cairn_app;
      grant execute on all functions in schema bullmq to cairn_app;
      do $$
      declare
        sequence regclass;
      begin
        for sequence in select oid from pg_class where relnamespace = 'bullmq'::regnamespace and relkind = 'S' and relowner = current_user::regrole loop
          execute format('grant usage, select, update on sequence %s to cairn_app', sequence);
        end loop;
      end
      $$`);
  } finally {
    await client.end();
  }
}
