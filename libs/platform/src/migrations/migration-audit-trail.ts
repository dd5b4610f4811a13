import { Migration } from '@mikro-orm/migrations';
import { sweptTable, tenantTable } from '../database/tenancy-sql.js';

/**
 * Makes the audit a trail that can be read and proved. A row says who acted by name and for which connection; `xact` is the transaction
 * that wrote it, by which the seals know that nothing more can come before them. `audit_seal` holds the blocks of the chain, and
 * `audit_sealing` when the next one is due.
 *
 * A hospital's system reads the rows of its own acts and of patients who are all shared with it. Looking for a patient runs as the
 * schema's owner, since "contains" may not use its index under row-level security; the rows it names are then read under it.
 */
export class AuditTrailMigration extends Migration {
  override up(): void {
    this.addSql(`
      alter table audit
        add column actor_name text,
        add column connection_id uuid,
        add column xact bigint not null default pg_current_xact_id()::text::bigint;
      create index audit_recorded on audit (clinic_id, recorded_at, id);
      create index audit_xact on audit using brin (xact) with (pages_per_range = 16, autosummarize = on);

      create function audit_row_visible(clinic uuid, patients text[], written_by uuid) returns boolean
        language plpgsql stable parallel safe security definer set search_path = public, pg_temp as $$
      declare
        own uuid := cairn_connection();
        patient text;
      begin
        if written_by = own then return true; end if;
        if patients = '{}' then return false; end if;
        foreach patient in array patients loop
          if not exists (select from fhir_patient_share s where s.clinic_id = clinic and s.connection_id = own and s.patient_id = patient) then
            return false;
          end if;
        end loop;
        return true;
      end $$;

      create function audit_of_patients(wanted text[]) returns table (id uuid)
        language sql stable parallel safe security definer set search_path = public, pg_temp rows 100 as $$
          select a.id from audit a where a.clinic_id = cairn_clinic() and a.patients && wanted
        $$;

      revoke execute on function audit_row_visible, audit_of_patients from public;
      grant execute on function audit_row_visible, audit_of_patients to cairn_app;

      create policy connection on audit as restrictive for select to cairn_app
        using ((select cairn_connection()) is null or audit_row_visible(clinic_id, patients, connection_id));

      create table audit_seal (
        clinic_id uuid not null,
        number int not null check (number > 0),
        from_xact bigint not null,
        to_xact bigint not null check (to_xact > from_xact),
        count int not null,
        leaves bytea not null,
        previous text not null,
        hash text not null,
        signature text not null,
        sealed_at timestamptz not null,
        primary key (clinic_id, number)
      );
      ${tenantTable('audit_seal', 'select, insert')}

      create table audit_sealing (clinic_id uuid primary key, due_at timestamptz not null);
      ${tenantTable('audit_sealing', 'select, insert, update')}
      ${sweptTable('audit_sealing', 'clinic_id, due_at')}
    `);
  }
}
