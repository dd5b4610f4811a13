import { Migration } from '@mikro-orm/migrations';
import { sweptTable, tenantTable, type NamedMigration } from '@cairn/platform';
import { AlertSubjectsMigration } from './alert-subjects.migration.js';

/** Questionnaires asked and answered, and the alerts that dangerous answers raise. References are checked at commit: a row and its ledger are written in one flush, in any order. */
class OutcomesMigration extends Migration {
  override up(): void {
    this.addSql(`
      create table assessment (
        clinic_id uuid not null references clinic,
        id uuid not null,
        patient_id text not null,
        instrument text not null,
        instrument_version text not null,
        occasion text not null check (occasion in ('baseline', 'follow-up')),
        answered_by text not null check (answered_by in ('patient', 'staff')),
        reason text not null,
        state text not null check (state in ('requested', 'reminded', 'completed', 'expired')),
        requested_at timestamptz not null,
        opens_at timestamptz not null,
        due_at timestamptz not null,
        expires_at timestamptz not null,
        next_at timestamptz,
        answered_at timestamptz,
        response_id text,
        score_sum int,
        score_divisor int check (score_divisor > 0),
        version int not null default 1,
        primary key (clinic_id, id),
        check (opens_at <= due_at and due_at <= expires_at),
        check ((state in ('requested', 'reminded')) = (next_at is not null)),
        check ((state = 'completed') = (answered_at is not null and response_id is not null)),
        check ((score_sum is null) = (score_divisor is null))
      );
      create index assessment_patient on assessment (clinic_id, patient_id, instrument, answered_at);
      create unique index assessment_open on assessment (clinic_id, patient_id, instrument, due_at) where state in ('requested', 'reminded');
      create index assessment_next on assessment (next_at) where next_at is not null;
      ${tenantTable('assessment', 'select, insert, update')}
      ${sweptTable('assessment', 'clinic_id, id, state, next_at')}

      create table assessment_transition (
        clinic_id uuid not null,
        id uuid not null,
        assessment_id uuid not null,
        event text not null,
        from_state text,
        to_state text not null,
        happened_at timestamptz not null,
        actor_kind text not null,
        actor_id text not null,
        primary key (clinic_id, id),
        foreign key (clinic_id, assessment_id) references assessment deferrable initially deferred
      );
      create index assessment_transition_assessment on assessment_transition (clinic_id, assessment_id);
      ${tenantTable('assessment_transition', 'select, insert')}

      create table safety_alert (
        clinic_id uuid not null,
        id uuid not null,
        patient_id text not null,
        assessment_id uuid not null,
        rule text not null,
        state text not null check (state in ('raised', 'escalated', 'acknowledged')),
        step int not null default 0,
        owner_name text not null,
        owner_practitioner_id text,
        raised_at timestamptz not null,
        due_at timestamptz not null,
        call_back_phone text,
        acknowledged_at timestamptz,
        acknowledged_by text,
        version int not null default 1,
        primary key (clinic_id, id),
        unique (clinic_id, assessment_id, rule),
        foreign key (clinic_id, assessment_id) references assessment deferrable initially deferred,
        check ((state = 'acknowledged') = (acknowledged_at is not null and acknowledged_by is not null))
      );
      create index safety_alert_patient on safety_alert (clinic_id, patient_id, id);
      create index safety_alert_open on safety_alert (due_at) where state in ('raised', 'escalated');
      ${tenantTable('safety_alert', 'select, insert, update')}
      ${sweptTable('safety_alert', 'clinic_id, id, state, step, due_at')}

      create table safety_alert_transition (
        clinic_id uuid not null,
        id uuid not null,
        alert_id uuid not null,
        event text not null,
        from_state text,
        to_state text not null,
        owner_name text not null,
        happened_at timestamptz not null,
        actor_kind text not null,
        actor_id text not null,
        reason text,
        primary key (clinic_id, id),
        foreign key (clinic_id, alert_id) references safety_alert deferrable initially deferred
      );
      create index safety_alert_transition_alert on safety_alert_transition (clinic_id, alert_id);
      ${tenantTable('safety_alert_transition', 'select, insert')}
    `);
  }
}

export const outcomesMigrations: readonly NamedMigration[] = [
  { name: '202611220220_outcomes', class: OutcomesMigration },
  { name: '202611252010_alert_subjects', class: AlertSubjectsMigration },
];
