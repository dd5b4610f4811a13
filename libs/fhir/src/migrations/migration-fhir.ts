import { tenantTable } from '@cairn/platform';
import { Migration } from '@mikro-orm/migrations';
import { DIRECTORY_TYPES } from '../store/directory-types.js';

/**
 * What a hospital's system may see, besides the clinic's own policy, which is joined to this one: rows of patients that are all shared
 * with its connection; rows without a patient only where its connection wrote them, or where Cairn wrote them and they belong to the
 * directory that everybody may read. Others (no connection is set) see the whole clinic.
 *
 * It stands in functions that run as the schema's owner, because policies within policies make every plan ten times as large.
 */
const visibility = `
  create function fhir_row_visible(clinic uuid, type text, patients text[], owner text, written_by uuid) returns boolean
    language plpgsql stable parallel safe security definer set search_path = public, pg_temp as $$
  declare
    own uuid := cairn_connection();
    patient text;
  begin
    if patients = '{}' then
      return coalesce(written_by = own, false) or (owner = 'cairn' and type in (${DIRECTORY_TYPES.map((type) => `'${type}'`).join(', ')}));
    end if;
    -- One look into the key for each of the few patients; as a join it would read all that is shared with the connection.
    foreach patient in array patients loop
      if not exists (select from fhir_patient_share s where s.clinic_id = clinic and s.connection_id = own and s.patient_id = patient) then
        return false;
      end if;
    end loop;
    return true;
  end $$;

  create function fhir_number_visible(clinic uuid, number bigint) returns boolean
    language plpgsql stable parallel safe security definer set search_path = public, pg_temp as $$
  declare
    found_row record;
  begin
    select r.resource_type, r.patient_ids, r.owner, r.connection_id into found_row from fhir_resource r where r.clinic_id = clinic and r.seq = number;
    return found and fhir_row_visible(clinic, found_row.resource_type, found_row.patient_ids, found_row.owner, found_row.connection_id);
  end $$;

  revoke execute on function fhir_row_visible, fhir_number_visible from public;
  grant execute on function fhir_row_visible, fhir_number_visible to cairn_app;`;

const VISIBLE_ROW = `(select cairn_connection()) is null or fhir_row_visible(clinic_id, resource_type, patient_ids, owner, connection_id)`;

/** Rows of an index are visible with the resource they lead to. */
const indexTable = (table: string): string => `
  ${tenantTable(table, 'select, insert, delete')}
  create policy connection on ${table} as restrictive for select to cairn_app
    using ((select cairn_connection()) is null or fhir_number_visible(clinic_id, seq));`;

/** The columns that a version of a resource has, now or in the past. */
const VERSION_COLUMNS = `
  clinic_id uuid not null,
  resource_type text collate "C" not null,
  id text collate "C" not null,
  version int not null,
  last_updated timestamptz not null,
  method text not null check (method in ('POST', 'PUT', 'PATCH', 'DELETE')),
  patient_ids text[] not null,
  owner text not null check (owner in ('cairn', 'outside')),
  connection_id uuid,
  author text not null,
  body text not null`;

/**
 * The FHIR store. `fhir_resource` holds the current version of each resource and the tombstones of deleted ones (method DELETE, no
 * body); `fhir_history` what came before. The other tables hold what searches look at. `seq` numbers resources, so that index rows are
 * small; `patient` is a hash of the one patient a resource is about, 0 where there is none or more than one can be.
 */
export class FhirMigration extends Migration {
  override up(): void {
    this.addSql(`
      create sequence fhir_seq increment by 100;
      grant usage on sequence fhir_seq to cairn_app;

      create table fhir_patient_share (
        clinic_id uuid not null,
        connection_id uuid not null,
        patient_id text collate "C" not null,
        shared_at timestamptz not null,
        primary key (clinic_id, connection_id, patient_id)
      );
      create index fhir_patient_share_patient on fhir_patient_share (clinic_id, patient_id);
      ${tenantTable('fhir_patient_share', 'select, insert, delete')}
      create policy connection on fhir_patient_share as restrictive to cairn_app
        using ((select cairn_connection()) is null or connection_id = (select cairn_connection()));

      create table fhir_resource (
        ${VERSION_COLUMNS},
        seq bigint not null,
        patient bigint not null,
        primary key (clinic_id, resource_type, id)
      );
      create unique index fhir_resource_seq on fhir_resource (clinic_id, seq);
      create index fhir_resource_type on fhir_resource (clinic_id, resource_type, seq);
      create index fhir_resource_updated on fhir_resource (clinic_id, resource_type, last_updated, seq);
      create index fhir_resource_patient on fhir_resource (clinic_id, patient, resource_type, seq) where patient <> 0;
      ${visibility}
      ${tenantTable('fhir_resource', 'select, insert, update')}
      create policy connection on fhir_resource as restrictive to cairn_app using (${VISIBLE_ROW}) with check (${VISIBLE_ROW});

      create table fhir_history (
        ${VERSION_COLUMNS},
        primary key (clinic_id, resource_type, id, version)
      );
      ${tenantTable('fhir_history', 'select, insert')}
      create policy connection on fhir_history as restrictive to cairn_app using (${VISIBLE_ROW}) with check (${VISIBLE_ROW});

      create table fhir_token (
        clinic_id uuid not null,
        source int not null,
        code text collate "C" not null,
        system bigint not null,
        patient bigint not null,
        seq bigint not null
      );
      create index fhir_token_code on fhir_token (clinic_id, source, code, patient, seq) include (system);
      ${indexTable('fhir_token')}

      create table fhir_string (
        clinic_id uuid not null,
        source int not null,
        value text collate "C" not null,
        exact text collate "C" not null,
        patient bigint not null,
        seq bigint not null
      );
      create index fhir_string_value on fhir_string (clinic_id, source, value, patient, seq);
      ${indexTable('fhir_string')}

      create table fhir_reference (
        clinic_id uuid not null,
        source int not null,
        target text collate "C" not null,
        patient bigint not null,
        seq bigint not null
      );
      create index fhir_reference_target on fhir_reference (clinic_id, source, target, patient, seq);
      ${indexTable('fhir_reference')}

      create table fhir_date (
        clinic_id uuid not null,
        source int not null,
        low timestamptz not null,
        high timestamptz not null,
        patient bigint not null,
        seq bigint not null
      );
      create index fhir_date_low on fhir_date (clinic_id, source, low, high, seq);
      create index fhir_date_patient on fhir_date (clinic_id, source, patient, seq) include (low, high);
      ${indexTable('fhir_date')}

      create table fhir_quantity (
        clinic_id uuid not null,
        source int not null,
        low float8 not null,
        high float8 not null,
        system bigint not null,
        code text collate "C" not null,
        unit text collate "C" not null,
        patient bigint not null,
        seq bigint not null
      );
      create index fhir_quantity_low on fhir_quantity (clinic_id, source, low, high, patient, seq);
      ${indexTable('fhir_quantity')}

      create table fhir_composite (
        clinic_id uuid not null,
        source int not null,
        code text collate "C" not null,
        system bigint not null,
        value text collate "C" not null,
        value_system bigint not null,
        unit text collate "C" not null,
        low float8 not null,
        high float8 not null,
        low2 float8 not null,
        high2 float8 not null,
        patient bigint not null,
        seq bigint not null
      );
      create index fhir_composite_code on fhir_composite (clinic_id, source, code, patient, seq);
      ${indexTable('fhir_composite')}

      create table fhir_create_claim (
        clinic_id uuid not null,
        connection_id uuid not null,
        resource_type text collate "C" not null,
        criteria bytea not null,
        primary key (clinic_id, connection_id, resource_type, criteria)
      );
      ${tenantTable('fhir_create_claim', 'select, insert, delete')}
      create policy connection on fhir_create_claim as restrictive to cairn_app
        using ((select cairn_connection()) is null or connection_id = (select cairn_connection()));
    `);
  }
}
