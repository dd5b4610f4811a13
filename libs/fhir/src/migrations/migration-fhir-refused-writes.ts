import { sweptTable, tenantTable } from '@cairn/platform';
import { Migration } from '@mikro-orm/migrations';

/**
 * Writes of hospitals' systems that were refused and may have carried a referral. The request is sealed; what lies open beside it tells
 * nothing of a patient. Hospitals' systems see none of it, not even their own: it is the clinic's list.
 */
export class FhirRefusedWritesMigration extends Migration {
  override up(): void {
    this.addSql(`
      create table refused_write (
        clinic_id uuid not null,
        id uuid not null,
        client_id text not null,
        client_name text not null,
        connection_id uuid,
        method text not null,
        target text not null,
        fingerprint text not null,
        sealed_request text not null,
        bytes bigint not null,
        status int not null,
        outcome jsonb not null,
        first_at timestamptz not null,
        last_at timestamptz not null,
        times int not null default 1,
        purge_at timestamptz not null,
        state text not null default 'kept' check (state in ('kept', 'replayed', 'dismissed')),
        replaying_until timestamptz,
        decided_by text,
        decided_at timestamptz,
        reason text,
        result jsonb,
        primary key (clinic_id, id),
        unique (clinic_id, client_id, fingerprint)
      );
      create index refused_write_state on refused_write (clinic_id, state, id);
      create index refused_write_purge on refused_write (purge_at) where purge_at is not null;
      ${tenantTable('refused_write')}
      ${sweptTable('refused_write', 'clinic_id, purge_at')}
      create policy people on refused_write as restrictive to cairn_app using ((select cairn_actor()) is null or (select cairn_actor()) like 'person:%');
    `);
  }
}
