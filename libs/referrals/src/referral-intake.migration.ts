import { Migration } from '@mikro-orm/migrations';
import { tenantTable } from '@cairn/platform';

/** Links by which patients and community workers refer, proposals from discharges, and Tasks that an EHR has not taken. */
export class ReferralIntakeMigration extends Migration {
  override up(): void {
    this.addSql(`
      create table intake_link (
        clinic_id uuid not null references clinic,
        id uuid not null,
        token_hash bytea not null,
        kind text not null check (kind in ('self', 'community-worker')),
        holder text,
        issued_at timestamptz not null,
        issued_by text not null,
        expires_at timestamptz not null,
        revoked_at timestamptz,
        used int not null check (used >= 0),
        hour_started_at timestamptz,
        used_this_hour int not null check (used_this_hour >= 0),
        primary key (clinic_id, id),
        unique (clinic_id, token_hash),
        check ((kind = 'community-worker') = (holder is not null)),
        check (kind <> 'self' or used <= 1)
      );
      ${tenantTable('intake_link', 'select, insert, update')}

      create table referral_proposal (
        clinic_id uuid not null references clinic,
        id uuid not null,
        patient_id text not null,
        encounter_id text not null,
        procedure_id text not null,
        evidence text[] not null check (cardinality(evidence) > 0),
        state text not null check (state in ('open', 'accepted', 'dismissed')),
        noted_at timestamptz not null,
        decided_at timestamptz,
        decided_by text,
        comment text,
        referral_id uuid,
        version int not null default 1,
        primary key (clinic_id, id),
        unique (clinic_id, patient_id, procedure_id),
        foreign key (clinic_id, referral_id) references referral deferrable initially deferred,
        check ((state = 'open') = (decided_at is null and decided_by is null)),
        check ((state = 'accepted') = (referral_id is not null))
      );
      create index referral_proposal_state on referral_proposal (clinic_id, state, id);
      ${tenantTable('referral_proposal', 'select, insert, update')}

      alter table referral add column not_taken jsonb;
    `);
  }
}
