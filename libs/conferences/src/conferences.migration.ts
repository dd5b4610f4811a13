import { Migration } from '@mikro-orm/migrations';
import { sweptTable, tenantTable, type NamedMigration } from '@cairn/platform';

/** The team's conferences: agenda, decisions, signed minutes, and the recommendations that somebody owns. References are checked at commit: rows and their ledgers are written in one flush, in any order. */
class ConferencesMigration extends Migration {
  override up(): void {
    this.addSql(`
      create table conference (
        clinic_id uuid not null references clinic,
        id uuid not null,
        title text not null,
        state text not null check (state in ('planned', 'agenda-locked', 'in-session', 'draft-minutes', 'signed', 'amended', 'cancelled')),
        starts_at timestamptz not null,
        ends_at timestamptz not null,
        invited jsonb not null,
        attendance jsonb not null,
        opened_at timestamptz,
        closed_at timestamptz,
        signed_at timestamptz,
        signed_by text,
        signed_name text,
        minutes_hash text,
        signature text,
        cancel_reason text,
        changes int not null,
        version int not null default 1,
        primary key (clinic_id, id),
        check (starts_at < ends_at),
        check ((state in ('signed', 'amended')) = (signed_at is not null and signed_by is not null and signature is not null)),
        check ((state = 'cancelled') = (cancel_reason is not null))
      );
      create index conference_state on conference (clinic_id, state, starts_at, id);
      ${tenantTable('conference', 'select, insert, update')}

      create table conference_transition (
        clinic_id uuid not null,
        id uuid not null,
        conference_id uuid not null,
        item_id uuid,
        event text not null,
        from_state text,
        to_state text not null,
        happened_at timestamptz not null,
        actor_kind text not null,
        actor_id text not null,
        reason text,
        primary key (clinic_id, id),
        foreign key (clinic_id, conference_id) references conference deferrable initially deferred
      );
      create index conference_transition_conference on conference_transition (clinic_id, conference_id, id);
      ${tenantTable('conference_transition', 'select, insert')}

      create table agenda_item (
        clinic_id uuid not null references clinic,
        id uuid not null,
        conference_id uuid,
        position int not null,
        patient_id text not null,
        referral_id uuid,
        service_request_id text,
        question text not null,
        presenter jsonb,
        minutes int not null check (minutes > 0),
        source text not null check (source in ('referral', 'plan-review', 'safety-alert', 'unfinished-action')),
        urgent_reason text,
        added_at timestamptz not null,
        outcome text check (outcome in ('decided', 'not-discussed')),
        decision jsonb,
        version int not null default 1,
        primary key (clinic_id, id),
        foreign key (clinic_id, conference_id) references conference deferrable initially deferred,
        check ((referral_id is null) = (service_request_id is null)),
        check ((outcome is not distinct from 'decided') = (decision is not null)),
        check (conference_id is not null or outcome is null)
      );
      create index agenda_item_conference on agenda_item (clinic_id, conference_id, position);
      create index agenda_item_patient on agenda_item (clinic_id, patient_id);
      ${tenantTable('agenda_item', 'select, insert, update')}

      create table recommendation (
        clinic_id uuid not null,
        id uuid not null,
        conference_id uuid not null,
        item_id uuid not null,
        patient_id text not null,
        referral_id uuid,
        service_request_id text,
        code text not null,
        detail text not null,
        rationale text not null,
        owner_practitioner_id text not null,
        owner_name text not null,
        due_date text not null check (due_date ~ '^\\d{4}-\\d{2}-\\d{2}$'),
        due_at timestamptz not null,
        state text not null check (state in ('proposed', 'accepted', 'done', 'not-done')),
        made_at timestamptz not null,
        settled_at timestamptz,
        note text,
        version int not null default 1,
        primary key (clinic_id, id),
        foreign key (clinic_id, conference_id) references conference deferrable initially deferred,
        foreign key (clinic_id, item_id) references agenda_item deferrable initially deferred,
        check ((state in ('done', 'not-done')) = (settled_at is not null))
      );
      create index recommendation_patient on recommendation (clinic_id, patient_id, id);
      create index recommendation_conference on recommendation (clinic_id, conference_id);
      create index recommendation_open on recommendation (due_at) where state in ('proposed', 'accepted');
      ${tenantTable('recommendation', 'select, insert, update')}
      ${sweptTable('recommendation', 'clinic_id, id, state, due_at')}

      create table recommendation_transition (
        clinic_id uuid not null,
        id uuid not null,
        recommendation_id uuid not null,
        event text not null,
        from_state text,
        to_state text not null,
        happened_at timestamptz not null,
        actor_kind text not null,
        actor_id text not null,
        reason text,
        primary key (clinic_id, id),
        foreign key (clinic_id, recommendation_id) references recommendation deferrable initially deferred
      );
      create index recommendation_transition_recommendation on recommendation_transition (clinic_id, recommendation_id, id);
      ${tenantTable('recommendation_transition', 'select, insert')}

      create table conference_addendum (
        clinic_id uuid not null,
        id uuid not null,
        conference_id uuid not null,
        item_id uuid not null,
        body text not null,
        signed_at timestamptz not null,
        signed_by text not null,
        signed_name text not null,
        signature text not null,
        primary key (clinic_id, id),
        foreign key (clinic_id, conference_id) references conference deferrable initially deferred,
        foreign key (clinic_id, item_id) references agenda_item deferrable initially deferred
      );
      create index conference_addendum_conference on conference_addendum (clinic_id, conference_id, id);
      ${tenantTable('conference_addendum', 'select, insert')}
    `);
  }
}

export const conferencesMigrations: readonly NamedMigration[] = [{ name: '202611220240_conferences', class: ConferencesMigration }];
