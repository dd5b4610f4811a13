import { Migration } from '@mikro-orm/migrations';
import { sweptTable, tenantTable, type NamedMigration } from '@cairn/platform';
import { DIALECTS } from './referral.dialect.js';
import { ReferralDuplicatesMigration } from './referral-duplicates.migration.js';
import { ReferralIntakeMigration } from './referral-intake.migration.js';
import { ReferralSafetyMigration } from './referral-safety.migration.js';
import { TriageRulesMigration } from './triage-rules.migration.js';
import { PATHWAYS, URGENCIES } from './referral.settings.js';
import { REFERRAL_STATES } from './referral.workflow.js';
import { authorisationMigrations } from './authorisations/authorisation.migration.js';
import { reportsMigrations } from './reports/reports.migration.js';
import { ReferralWishMigration } from './referral-wish.migration.js';
import { ReferralUpkeepMigration } from './referral-upkeep.migration.js';
import { StaleOrderMigration, StaleReferralsMigration } from './stale-referral.migration.js';
import { worklistMigrations } from './worklist/worklist.migration.js';

const oneOf = (words: readonly string[]): string => `in (${words.map((word) => `'${word}'`).join(', ')})`;

/** Referrals, every move of theirs, their red flags, the keys by which one is known again, and how each connection speaks. */
class ReferralsMigration extends Migration {
  override up(): void {
    this.addSql(`
      create table referral_source (
        clinic_id uuid not null references clinic,
        connection_id uuid not null,
        dialect text not null check (dialect ${oneOf(DIALECTS)}),
        task_host text not null check (task_host in ('cairn', 'requester')),
        primary key (clinic_id, connection_id)
      );
      ${tenantTable('referral_source', 'select, insert, update')}

      create table referral (
        clinic_id uuid not null references clinic,
        id uuid not null,
        patient_id text not null,
        service_request_id text not null,
        task_id text not null,
        connection_id uuid,
        dialect text not null check (dialect ${oneOf(DIALECTS)}),
        placed_here boolean not null,
        task_made_here boolean not null,
        state text not null check (state ${oneOf(REFERRAL_STATES)}),
        urgency text not null check (urgency ${oneOf(URGENCIES)}),
        pathway text check (pathway ${oneOf(PATHWAYS)}),
        received_at timestamptz not null,
        complete_at timestamptz,
        paused_at timestamptz,
        paused_ms double precision not null check (paused_ms >= 0),
        decision_due_at timestamptz,
        accepted_at timestamptz,
        first_seen_at timestamptz,
        rebook_reason text check (rebook_reason in ('no-show', 'appointment-cancelled')),
        moved_at timestamptz not null,
        settled_at timestamptz,
        target_at timestamptz not null,
        decision jsonb,
        reason_code text,
        reason_text text,
        outcome jsonb,
        missing text[] not null,
        screened_with text not null,
        open_hard_stops int not null check (open_hard_stops >= 0),
        open_concerns int not null check (open_concerns >= 0),
        rank smallint not null check (rank between 0 and 2),
        owner_id text,
        owner_name text,
        next_action text,
        next_action_at timestamptz,
        appointment_id text,
        appointment_at timestamptz,
        version int not null default 1,
        primary key (clinic_id, id),
        check ((settled_at is null) = (next_action is not null and next_action_at is not null)),
        check ((state = 'to-rebook') <= (rebook_reason is not null)),
        check (decision_due_at is null or state in ('accepted', 'declined', 'redirected')),
        check ((owner_id is null) = (owner_name is null))
      );
      create index referral_worklist on referral (clinic_id, rank, next_action_at, id) where settled_at is null;
      create index referral_worklist_state on referral (clinic_id, state, rank, next_action_at, id) where settled_at is null;
      create index referral_to_book on referral (clinic_id, rank, next_action_at, id) where settled_at is null and state in ('accepted', 'to-rebook') and decision_due_at is null;
      create index referral_worklist_owner on referral (clinic_id, owner_id, rank, next_action_at, id) where settled_at is null;
      create index referral_settled on referral (clinic_id, settled_at, id) where settled_at is not null;
      create index referral_patient on referral (clinic_id, patient_id, id);
      create unique index referral_task on referral (clinic_id, task_id);
      create index referral_decision_due on referral (decision_due_at) where decision_due_at is not null;
      ${tenantTable('referral', 'select, insert, update')}
      ${sweptTable('referral', 'clinic_id, id, decision_due_at')}

      create table referral_key (
        clinic_id uuid not null,
        key text not null,
        referral_id uuid not null,
        primary key (clinic_id, key),
        foreign key (clinic_id, referral_id) references referral deferrable initially deferred
      );
      ${tenantTable('referral_key', 'select, insert')}

      create table referral_transition (
        clinic_id uuid not null,
        id uuid not null,
        referral_id uuid not null,
        event text not null,
        from_state text,
        to_state text not null,
        happened_at timestamptz not null,
        actor_kind text not null,
        actor_id text not null,
        actor_name text,
        reason_code text,
        comment text,
        primary key (clinic_id, id),
        foreign key (clinic_id, referral_id) references referral
      );
      create index referral_transition_referral on referral_transition (clinic_id, referral_id, id);
      ${tenantTable('referral_transition', 'select, insert')}

      create table referral_flag (
        clinic_id uuid not null,
        referral_id uuid not null,
        flag text not null,
        level text not null check (level in ('hard-stop', 'concern')),
        state text not null check (state in ('found', 'denied')),
        evidence text[] not null,
        verified boolean not null,
        told_by text,
        noted_at timestamptz not null,
        acknowledged_at timestamptz,
        acknowledged_by text,
        action_taken text,
        primary key (clinic_id, referral_id, flag),
        foreign key (clinic_id, referral_id) references referral,
        check ((acknowledged_at is null) = (acknowledged_by is null)),
        check (cardinality(evidence) > 0 or told_by is not null)
      );
      ${tenantTable('referral_flag', 'select, insert, update')}
    `);
  }
}

export const referralsMigrations: readonly NamedMigration[] = [
  { name: '202611220230_referrals', class: ReferralsMigration },
  { name: '202611252020_referral_safety', class: ReferralSafetyMigration },
  { name: '202611252030_referral_duplicates', class: ReferralDuplicatesMigration },
  { name: '202611252040_triage_rules', class: TriageRulesMigration },
  { name: '202611252050_referral_intake', class: ReferralIntakeMigration },
  ...worklistMigrations,
  ...reportsMigrations,
  ...authorisationMigrations,
  { name: '202611252310_referral_wish', class: ReferralWishMigration },
  { name: '202611252320_stale_referrals', class: StaleReferralsMigration },
  { name: '202611260210_referral_upkeep', class: ReferralUpkeepMigration },
  { name: '202611260250_stale_order', class: StaleOrderMigration },
];
