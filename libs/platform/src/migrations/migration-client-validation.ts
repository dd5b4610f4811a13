import { Migration } from '@mikro-orm/migrations';

/** How strictly the resources of each client are judged. */
export class ClientValidationMigration extends Migration {
  override up(): void {
    this.addSql(`alter table client add column validation text not null default 'strict' check (validation in ('strict', 'warn', 'off'))`);
  }
}
