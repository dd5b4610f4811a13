import { Migration } from '@mikro-orm/migrations';
import { sweptTable, tenantTable, type NamedMigration } from '@cairn/platform';

/** Care plans with their goals, activities, reviews, versions and the log of every step. References are checked at commit: a plan and its parts are written in one flush, in any order. */
class PlansMigration extends Migration {
  override up(): void {
    this.addSql(`
      create table care_plan (
        clinic_id uuid not null references clinic,
        id uuid not null,
        patient_id text not null,
        referral_id uuid,
        recommendation_ids uuid[] not null,
        state text not null check (state in ('draft', 'active', 'on-hold', 'completed', 'revoked', 'entered-in-error')),
        title text not null,
        summary text,
        owner_practitioner_id text,
        owner_name text not null,
        revision int not null check (revision > 0),
        agreed_revision int check (agreed_revision <= revision),
        agreed_at timestamptz,
        agreed_by text check (agreed_by in ('patient', 'caregiver')),
        agreed_how text check (agreed_how in ('in-person', 'video', 'phone', 'written')),
        agreement_note text,
        agreement_recorded_by text,
        next_action text,
        next_at timestamptz,
        waiting_task_id uuid,
        hold_reason text,
        activated_at timestamptz,
        ended_at timestamptz,
        end_reason text,
        care_team_id uuid not null,
        created_at timestamptz not null,
        steps int not null,
        version int not null default 1,
        primary key (clinic_id, id),
        check ((state in ('draft', 'active', 'on-hold')) = (next_action is not null and next_at is not null)),
        check (num_nulls(agreed_revision, agreed_at, agreed_by, agreed_how, agreement_recorded_by) in (0, 5)),
        check (state not in ('active', 'on-hold', 'completed') or (activated_at is not null and agreed_at is not null)),
        check ((state = 'on-hold') = (hold_reason is not null)),
        check ((state in ('completed', 'revoked', 'entered-in-error')) = (ended_at is not null))
      );
      create index care_plan_patient on care_plan (clinic_id, patient_id, id);
      create index care_plan_list on care_plan (clinic_id, id);
      create unique index care_plan_in_force on care_plan (clinic_id, patient_id) where state in ('active', 'on-hold');
      create index care_plan_waiting on care_plan (next_at) where state in ('draft', 'on-hold') and waiting_task_id is null;
      ${tenantTable('care_plan', 'select, insert, update')}
      ${sweptTable('care_plan', 'clinic_id, id, state, next_at, waiting_task_id')}

      create table plan_goal (
        clinic_id uuid not null,
        id uuid not null,
        plan_id uuid not null,
        position int not null,
        description text not null,
        measure text,
        measure_loinc text,
        target_value double precision,
        target_unit text,
        due_date date,
        milestones jsonb not null,
        lifecycle text not null check (lifecycle in ('proposed', 'planned', 'accepted', 'active', 'on-hold', 'completed', 'cancelled', 'entered-in-error', 'rejected')),
        achievement text check (achievement in ('in-progress', 'improving', 'worsening', 'no-change', 'achieved', 'sustaining', 'not-achieved', 'no-progress', 'not-attainable')),
        version int not null default 1,
        primary key (clinic_id, id),
        foreign key (clinic_id, plan_id) references care_plan deferrable initially deferred,
        check ((target_value is null) = (target_unit is null)),
        check (target_value is null or measure is not null),
        check (lifecycle not in ('active', 'on-hold', 'completed') or achievement is not null)
      );
      create index plan_goal_plan on plan_goal (clinic_id, plan_id, position);
      ${tenantTable('plan_goal')}

      create table plan_activity (
        clinic_id uuid not null,
        id uuid not null,
        plan_id uuid not null,
        position int not null,
        kind text not null check (kind in ('treatment', 'home-programme', 'flare-up-plan', 'next-step', 'problem-solving')),
        discipline text not null,
        description text not null,
        owned_by_patient boolean not null,
        owner_practitioner_id text,
        owner_name text,
        cadence jsonb,
        due_date date,
        goal_ids uuid[] not null,
        recommendation_id uuid,
        reference text,
        status text not null check (status in ('not-started', 'scheduled', 'in-progress', 'on-hold', 'completed', 'cancelled', 'stopped', 'unknown', 'entered-in-error')),
        status_reason text,
        done_at timestamptz,
        version int not null default 1,
        primary key (clinic_id, id),
        foreign key (clinic_id, plan_id) references care_plan deferrable initially deferred,
        check (owned_by_patient = (owner_name is null)),
        check ((status = 'completed') = (done_at is not null))
      );
      create index plan_activity_plan on plan_activity (clinic_id, plan_id, position);
      ${tenantTable('plan_activity')}

      create table plan_review (
        clinic_id uuid not null,
        id uuid not null,
        plan_id uuid not null,
        patient_id text not null,
        state text not null check (state in ('due', 'in-progress', 'missed', 'done', 'cancelled')),
        due_at timestamptz not null,
        grace_until timestamptz not null,
        rule text not null,
        because text not null,
        table_version text not null,
        mme jsonb not null,
        told_at timestamptz,
        escalation_task_id uuid,
        started_at timestamptz,
        ended_at timestamptz,
        held_by text,
        results jsonb,
        created_at timestamptz not null,
        version int not null default 1,
        primary key (clinic_id, id),
        foreign key (clinic_id, plan_id) references care_plan deferrable initially deferred,
        check (grace_until >= due_at),
        check (state not in ('in-progress', 'done') or (started_at is not null and held_by is not null)),
        check ((state in ('done', 'cancelled')) = (ended_at is not null)),
        check ((state = 'done') = (results is not null)),
        check (state <> 'missed' or escalation_task_id is not null)
      );
      create unique index plan_review_open on plan_review (clinic_id, plan_id) where state in ('due', 'in-progress', 'missed');
      create index plan_review_plan on plan_review (clinic_id, plan_id, due_at);
      create index plan_review_worklist on plan_review (clinic_id, due_at, id) where state in ('due', 'in-progress', 'missed');
      create index plan_review_due on plan_review (due_at) where state = 'due' and told_at is null;
      create index plan_review_grace on plan_review (grace_until) where state = 'due';
      ${tenantTable('plan_review', 'select, insert, update')}
      ${sweptTable('plan_review', 'clinic_id, id, state, due_at, grace_until, told_at')}

      create table plan_version (
        clinic_id uuid not null,
        plan_id uuid not null,
        revision int not null,
        content jsonb not null,
        why text not null,
        made_at timestamptz not null,
        made_by text not null,
        primary key (clinic_id, plan_id, revision),
        foreign key (clinic_id, plan_id) references care_plan deferrable initially deferred
      );
      ${tenantTable('plan_version', 'select, insert')}

      create table plan_transition (
        clinic_id uuid not null,
        id uuid not null,
        plan_id uuid not null,
        subject text not null check (subject in ('plan', 'goal', 'achievement', 'activity', 'review')),
        subject_id uuid not null,
        event text not null,
        from_state text,
        to_state text not null,
        why text,
        at timestamptz not null,
        actor_kind text not null,
        actor_id text not null,
        primary key (clinic_id, id),
        foreign key (clinic_id, plan_id) references care_plan deferrable initially deferred
      );
      create index plan_transition_plan on plan_transition (clinic_id, plan_id, id);
      ${tenantTable('plan_transition', 'select, insert')}
    `);
  }
}

export const plansMigrations: readonly NamedMigration[] = [{ name: '202611220250_plans', class: PlansMigration }];
