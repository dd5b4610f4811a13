import { Command } from 'commander';
import { migrate } from '@cairn/platform';
import { ownerUrl } from '../context.js';
import { migrations } from '../../../features.js';

/** `migrate`: brings the database to the newest schema. The only command that needs the owner's role, and all it needs. */
export const migrateCommand = (): Command =>
  new Command('migrate').description('bring the database to the newest schema (needs DATABASE_OWNER_URL)').action(async () => {
    const ran = await migrate(ownerUrl(), migrations, process.env['CAIRN_MODE'] === 'demo' ? 'demo' : 'production');
    process.stdout.write(ran.length === 0 ? 'The schema is up to date.\n' : `Migrated: ${ran.join(', ')}\n`);
  });
