import { Migration } from '@mikro-orm/migrations';

/** The patients to whom an export is limited; null where it is not. */
export class FhirExportPatientsMigration extends Migration {
  override up(): void {
    this.addSql('alter table fhir_export add column patients text[];');
  }
}
