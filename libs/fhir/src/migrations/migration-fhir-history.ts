import { Migration } from '@mikro-orm/migrations';

/** Indexes by which the history of a type and of the whole server is read page by page. */
export class FhirHistoryMigration extends Migration {
  override up(): void {
    this.addSql(`
      create index fhir_resource_recent on fhir_resource (clinic_id, last_updated);
      create index fhir_history_recent on fhir_history (clinic_id, last_updated);
      create index fhir_history_updated on fhir_history (clinic_id, resource_type, last_updated);
    `);
  }
}
