import { sweptTable, tenantTable, type NamedMigration } from '@cairn/platform';
import { Migration } from '@mikro-orm/migrations';

/**
 * Links to outside EHRs and what is on its way to them. `position` orders the deliveries of one patient to one connection: the id of the
 * event that told of the version, which is a UUIDv7 and so grows with time. `due_at` is when somebody must look at the row again: the next
 * try, or the end of the lease of whoever is sending; it follows the database's own clock, which no demo moves.
 */
class EhrMigration extends Migration {
  override up(): void {
    this.addSql(`
      create table ehr_connection (
        clinic_id uuid not null references clinic,
        id uuid not null,
        name text not null,
        base_url text not null,
        client_id text not null,
        scopes text not null,
        gateway_header text,
        sealed_gateway_key text,
        state text not null check (state in ('active', 'paused')),
        token_endpoint text,
        capability jsonb,
        capability_read_at timestamptz,
        circuit text not null default 'closed' check (circuit in ('closed', 'open', 'half-open')),
        failures int not null default 0,
        circuit_until timestamptz,
        last_success_at timestamptz,
        last_failure_at timestamptz,
        last_problem text,
        made_at timestamptz not null,
        primary key (clinic_id, id),
        check ((gateway_header is null) = (sealed_gateway_key is null)),
        check ((circuit = 'closed') = (circuit_until is null))
      );
      create unique index ehr_connection_name on ehr_connection (clinic_id, name);
      ${tenantTable('ehr_connection', 'select, insert, update')}
      ${sweptTable('ehr_connection', 'clinic_id, id, state, circuit_until')}

      create table ehr_delivery (
        clinic_id uuid not null,
        id uuid not null,
        connection_id uuid not null,
        patient_id text collate "C" not null,
        position uuid not null,
        resource_type text collate "C" not null,
        resource_id text collate "C" not null,
        resource_version int not null,
        state text not null check (state in ('pending', 'sending', 'failed', 'delivered', 'fallback', 'not-taken', 'superseded', 'dead', 'dismissed')),
        due_at timestamptz not null,
        attempts int not null default 0,
        failures int not null default 0,
        awaits_ehr boolean not null default false,
        form text,
        problem text,
        http_status int,
        remote text,
        reconciliation_task text,
        correlation_id text not null,
        made_at timestamptz not null,
        ended_at timestamptz,
        primary key (clinic_id, id),
        unique (clinic_id, connection_id, resource_type, resource_id, resource_version),
        foreign key (clinic_id, connection_id) references ehr_connection
      );
      create index ehr_delivery_due on ehr_delivery (due_at) where state in ('pending', 'sending', 'failed');
      create index ehr_delivery_stream on ehr_delivery (clinic_id, connection_id, patient_id, position) where state in ('pending', 'sending', 'failed');
      create index ehr_delivery_state on ehr_delivery (clinic_id, connection_id, state, id);
      create index ehr_delivery_untold on ehr_delivery (clinic_id, patient_id, id) where state in ('dead', 'not-taken', 'dismissed');
      ${tenantTable('ehr_delivery', 'select, insert, update')}
      ${sweptTable('ehr_delivery', 'clinic_id, id, connection_id, patient_id, position, state, due_at, attempts')}

      create table ehr_delivery_transition (
        clinic_id uuid not null,
        id uuid not null,
        delivery_id uuid not null,
        event text not null,
        from_state text not null,
        to_state text not null,
        attempt int not null,
        problem text,
        http_status int,
        actor_kind text not null,
        actor_id text not null,
        reason text,
        recorded_at timestamptz not null,
        primary key (clinic_id, id),
        foreign key (clinic_id, delivery_id) references ehr_delivery
      );
      create index ehr_delivery_transition_of on ehr_delivery_transition (clinic_id, delivery_id, id);
      ${tenantTable('ehr_delivery_transition', 'select, insert')}

      create table ehr_resource_link (
        clinic_id uuid not null,
        connection_id uuid not null,
        resource_type text collate "C" not null,
        resource_id text collate "C" not null,
        form text collate "C" not null,
        form_version int not null,
        remote_id text not null,
        remote_version text,
        placed_by text not null check (placed_by in ('ehr', 'cairn')),
        agreed_hash text,
        learned_at timestamptz not null,
        primary key (clinic_id, connection_id, resource_type, resource_id, form, form_version),
        foreign key (clinic_id, connection_id) references ehr_connection
      );
      ${tenantTable('ehr_resource_link', 'select, insert, update, delete')}

      create table ehr_check (
        clinic_id uuid not null,
        id uuid not null,
        connection_id uuid not null,
        checked_at timestamptz not null,
        passed boolean not null,
        steps jsonb not null,
        primary key (clinic_id, id),
        foreign key (clinic_id, connection_id) references ehr_connection
      );
      create index ehr_check_of on ehr_check (clinic_id, connection_id, id);
      ${tenantTable('ehr_check', 'select, insert')}
    `);
  }
}

export const ehrMigrations: readonly NamedMigration[] = [{ name: '202611220290_ehr', class: EhrMigration }];
