import { Migration } from '@mikro-orm/migrations';

/** Lets policies ask who acts: `system:client` or `person:subject`; null for Cairn's own work. */
export class ActorMigration extends Migration {
  override up(): void {
    this.addSql(`
      create function cairn_actor() returns text language sql stable parallel safe
        as $$ select nullif(current_setting('cairn.actor', true), '') $$;
    `);
  }
}
