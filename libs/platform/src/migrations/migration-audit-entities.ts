import { Migration } from '@mikro-orm/migrations';

/**
 * Finds the rows of the audit that name a resource, or that are of a patient. Like looking for a patient it runs as the schema's owner, since "contains" may not use its
 * index under row-level security; the rows that it names are then read under it.
 */
export class AuditEntitiesMigration extends Migration {
  override up(): void {
    this.addSql(`
      create index audit_entities on audit using gin (entities);

      create function audit_of_entities(wanted text[], of_patients text[]) returns table (id uuid)
        language sql stable parallel safe security definer set search_path = public, pg_temp rows 100 as $$
          select a.id from audit a where a.clinic_id = cairn_clinic() and a.entities && wanted
          union
          select a.id from audit a where a.clinic_id = cairn_clinic() and a.patients && of_patients
        $$;

      revoke execute on function audit_of_entities from public;
      grant execute on function audit_of_entities to cairn_app;
    `);
  }
}
