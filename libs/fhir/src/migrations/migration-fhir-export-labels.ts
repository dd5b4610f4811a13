import { Migration } from '@mikro-orm/migrations';

/** The labels of what is in each part of an export, for what must be said when it is handed over. */
export class FhirExportLabelsMigration extends Migration {
  override up(): void {
    this.addSql('alter table fhir_export_chunk add column labels int not null default 0;');
  }
}
