import { sweptTable, tenantTable } from '@cairn/platform';
import { Migration } from '@mikro-orm/migrations';

/** What a hospital's system asked for is seen by that connection alone; who of a clinic asked is checked by the queries. */
const ownConnection = (table: string): string => `
  create policy connection on ${table} as restrictive to cairn_app
    using ((select cairn_connection()) is null or connection_id = (select cairn_connection()))
    with check ((select cairn_connection()) is null or connection_id = (select cairn_connection()));`;

/**
 * Bulk exports. `fhir_export` holds what was asked, by whom and with which scopes, and how far it is; its `due_at` is when the worker has to
 * look at it next: to begin, when the lease of one that runs ends, or when what is done expires. `fhir_export_chunk` holds the files in parts,
 * each with what must stand in the audit when it is sent. `run` counts tries: parts of a try that failed are never mixed with those of the next.
 */
export class FhirExportMigration extends Migration {
  override up(): void {
    this.addSql(`
      create table fhir_export (
        clinic_id uuid not null,
        id uuid not null,
        actor jsonb not null,
        actor_kind text not null,
        actor_id text not null,
        connection_id uuid,
        request_url text not null,
        level text not null check (level in ('system', 'patient', 'group')),
        group_id text,
        types text[] not null,
        filters text[] not null,
        since timestamptz,
        state text not null check (state in ('waiting', 'running', 'complete', 'failed', 'removed')),
        run int not null default 0,
        requested_at timestamptz not null,
        transaction_time timestamptz,
        types_done int not null default 0,
        resources bigint not null default 0,
        due_at timestamptz not null,
        primary key (clinic_id, id)
      );
      create index fhir_export_due on fhir_export (due_at) where due_at is not null;
      create index fhir_export_actor on fhir_export (clinic_id, actor_kind, actor_id);
      ${tenantTable('fhir_export')}
      ${ownConnection('fhir_export')}
      ${sweptTable('fhir_export', 'clinic_id, id, run, state, due_at')}

      create table fhir_export_chunk (
        clinic_id uuid not null,
        export_id uuid not null,
        run int not null,
        file int not null,
        part int not null,
        connection_id uuid,
        resource_type text not null,
        resources int not null,
        entities text[] not null,
        patients text[] not null,
        body text not null,
        primary key (clinic_id, export_id, run, file, part)
      );
      ${tenantTable('fhir_export_chunk', 'select, insert, delete')}
      ${ownConnection('fhir_export_chunk')}
    `);
  }
}
