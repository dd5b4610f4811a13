import { Migration } from '@mikro-orm/migrations';
import { sweptTable, tenantTable } from '../database/tenancy-sql.js';

/**
 * The ground every clinic stands on. Tables without row-level security, and why: `clinic` (names the clinics themselves; read before a
 * clinic is known), `client` (looked up by client id before a clinic is known), `signing_key` (the instance's own, sealed), `token_use`
 * (hashes of used assertions, of no clinic's data), `instance` and `demo_clock` (one row for the instance).
 */
export class PlatformMigration extends Migration {
  override up(): void {
    this.addSql(`
      create function cairn_clinic() returns uuid language sql stable parallel safe
        as $$ select nullif(current_setting('cairn.clinic_id', true), '')::uuid $$;
      create function cairn_connection() returns uuid language sql stable parallel safe
        as $$ select nullif(current_setting('cairn.connection_id', true), '')::uuid $$;

      create table instance (only_row boolean primary key default true check (only_row), mode text not null check (mode in ('demo', 'production')), made_at timestamptz not null default now());
      create table demo_clock (only_row boolean primary key default true check (only_row), offset_ms bigint not null default 0);
      grant select on instance to cairn_app;
      grant select, update on demo_clock to cairn_app;

      create table clinic (
        id uuid primary key,
        slug text not null unique check (slug ~ '^[a-z0-9-]{1,40}$'),
        name text not null,
        zone text not null,
        settings jsonb not null default '{}'
      );
      grant select on clinic to cairn_app, cairn_sweeper;

      create table signing_key (
        id text primary key,
        purpose text not null,
        algorithm text not null,
        sealed_private text not null,
        public jsonb not null,
        made_at timestamptz not null default now(),
        retired_at timestamptz
      );
      grant select, insert, update on signing_key to cairn_app;

      create table client (
        client_id text primary key,
        clinic_id uuid not null references clinic,
        name text not null,
        connection_id uuid,
        jwks jsonb,
        jwks_url text,
        scopes text[] not null,
        made_at timestamptz not null default now(),
        disabled_at timestamptz,
        check (jwks is not null or jwks_url is not null)
      );
      grant select on client to cairn_app;

      create table token_use (hash bytea primary key, expires_at timestamptz not null);
      create index token_use_expiry on token_use (expires_at);
      grant select, insert, delete on token_use to cairn_app;

      create table outbox (
        clinic_id uuid not null,
        id uuid not null,
        event text not null,
        ids jsonb not null,
        correlation_id text not null,
        created_at timestamptz not null,
        relayed_at timestamptz,
        primary key (clinic_id, id)
      );
      create index outbox_waiting on outbox (id) where relayed_at is null;
      ${tenantTable('outbox', 'select, insert')}
      ${sweptTable('outbox', 'clinic_id, id, event, relayed_at')}
      create policy relay on outbox for update to cairn_sweeper using (true);
      grant update (relayed_at) on outbox to cairn_sweeper;

      create table event_handling (
        clinic_id uuid not null,
        event_id uuid not null,
        handler text not null,
        state text not null default 'pending' check (state in ('pending', 'done', 'dead')),
        attempts int not null default 0,
        due_at timestamptz not null,
        done_at timestamptz,
        primary key (clinic_id, event_id, handler),
        foreign key (clinic_id, event_id) references outbox
      );
      create index event_handling_due on event_handling (due_at, event_id) where state = 'pending';
      ${tenantTable('event_handling', 'select, insert, update')}
      ${sweptTable('event_handling', 'clinic_id, event_id, handler, state, attempts, due_at')}
      create policy relay on event_handling for insert to cairn_sweeper with check (true);
      grant insert (clinic_id, event_id, handler, due_at) on event_handling to cairn_sweeper;

      create table audit (
        clinic_id uuid not null,
        id uuid not null,
        recorded_at timestamptz not null,
        actor_kind text not null,
        actor_id text not null,
        action text not null,
        what text not null,
        entities text[] not null,
        patients text[] not null,
        outcome text not null,
        purpose text,
        correlation_id text not null,
        primary key (clinic_id, id)
      );
      create index audit_patients on audit using gin (patients);
      ${tenantTable('audit', 'select, insert')}
    `);
  }
}
