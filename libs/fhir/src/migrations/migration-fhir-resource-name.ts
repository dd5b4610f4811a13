import { Migration } from '@mikro-orm/migrations';

/**
 * A resource's name as references carry it, `Patient/1`. Chains and `_has` join it with `fhir_reference.target`, from either side: row-level
 * security keeps PostgreSQL from using an index for an expression over a row, so the name must be a column.
 */
export class FhirResourceNameMigration extends Migration {
  override up(): void {
    this.addSql(`
      alter table fhir_resource add column name text collate "C" generated always as (resource_type || '/' || id) stored;
      create unique index fhir_resource_name on fhir_resource (clinic_id, name);
    `);
  }
}
