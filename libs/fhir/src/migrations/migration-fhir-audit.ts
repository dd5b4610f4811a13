import { Migration } from '@mikro-orm/migrations';

/**
 * Whom a refused request was about. It looks past the row-level security of connections, for the audit must say whose record was asked for
 * even where the caller may not learn that it is there; what it returns goes into the audit alone.
 */
export class FhirAuditMigration extends Migration {
  override up(): void {
    this.addSql(`
      create function fhir_patients_named(types text[], ids text[]) returns setof text
        language sql stable parallel safe security definer set search_path = public, pg_temp as $$
          select distinct p from unnest(types, ids) as n (type, id)
            join fhir_resource r on r.clinic_id = cairn_clinic() and r.resource_type = n.type and r.id = n.id
            cross join unnest(r.patient_ids) as p
        $$;
      revoke execute on function fhir_patients_named from public;
      grant execute on function fhir_patients_named to cairn_app;
    `);
  }
}
