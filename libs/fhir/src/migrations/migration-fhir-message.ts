import { tenantTable } from '@cairn/platform';
import { Migration } from '@mikro-orm/migrations';

/**
 * The messages that were processed, each by every name that it was sent under, with the answer that it got: sent again, it gets that answer
 * again. Holds no content, only digests of it; the answer names what was stored by its ids.
 */
export class FhirMessageMigration extends Migration {
  override up(): void {
    this.addSql(`
      create table fhir_message (
        clinic_id uuid not null,
        connection_id uuid not null,
        sender text not null,
        message_name bytea not null,
        content bytea not null,
        response text,
        received_at timestamptz not null,
        primary key (clinic_id, connection_id, sender, message_name)
      );
      ${tenantTable('fhir_message', 'select, insert, update')}
      create policy connection on fhir_message as restrictive to cairn_app
        using ((select cairn_connection()) is null or connection_id = (select cairn_connection()))
        with check ((select cairn_connection()) is null or connection_id = (select cairn_connection()));
    `);
  }
}
