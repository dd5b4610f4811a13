import { Migration } from '@mikro-orm/migrations';
import { sweptTable, tenantTable, type NamedMigration } from '@cairn/platform';

/** Programmes with their runs, the people in them, and who came. References are checked at commit: rows are written in one flush, in any order. */
class ProgrammesMigration extends Migration {
  override up(): void {
    this.addSql(`
      create table programme (
        clinic_id uuid not null references clinic,
        id uuid not null,
        state text not null check (state in ('open', 'closed')),
        title text not null,
        description text,
        not_suitable_for text,
        service_type text,
        cost text not null check (cost in ('free', 'disc', 'cost')),
        sessions_needed int not null check (sessions_needed > 0),
        owner_practitioner_id text,
        owner_name text not null,
        created_at timestamptz not null,
        version int not null default 1,
        primary key (clinic_id, id)
      );
      ${tenantTable('programme', 'select, insert, update')}

      create table cohort (
        clinic_id uuid not null,
        id uuid not null,
        programme_id uuid not null,
        language text not null,
        format text not null check (format in ('in-person', 'online', 'hybrid')),
        capacity int not null check (capacity > 0),
        starts_at timestamptz not null,
        created_at timestamptz not null,
        version int not null default 1,
        primary key (clinic_id, id),
        foreign key (clinic_id, programme_id) references programme deferrable initially deferred
      );
      create index cohort_programme on cohort (clinic_id, programme_id, starts_at);
      ${tenantTable('cohort', 'select, insert, update')}

      create table cohort_session (
        clinic_id uuid not null,
        id uuid not null,
        cohort_id uuid not null,
        number int not null,
        topic text,
        starts_at timestamptz not null,
        minutes int not null check (minutes > 0),
        primary key (clinic_id, id),
        unique (clinic_id, cohort_id, number),
        foreign key (clinic_id, cohort_id) references cohort deferrable initially deferred
      );
      ${tenantTable('cohort_session', 'select, insert')}

      create table enrolment (
        clinic_id uuid not null,
        id uuid not null,
        programme_id uuid not null,
        cohort_id uuid,
        plan_id uuid not null,
        activity_id uuid not null,
        patient_id text not null,
        state text not null check (state in ('referred', 'screened', 'waitlisted', 'offered', 'enrolled', 'attending', 'completed', 'withdrawn', 'not-suitable')),
        languages text[] not null,
        formats text[] not null check (formats <@ array['in-person', 'online', 'hybrid']),
        passed_cohort_ids uuid[] not null,
        listed_at timestamptz,
        offered_until timestamptz,
        screening_note text,
        end_reason text,
        owner_practitioner_id text,
        owner_name text not null,
        next_action text,
        next_at timestamptz,
        created_at timestamptz not null,
        steps int not null,
        version int not null default 1,
        primary key (clinic_id, id),
        foreign key (clinic_id, programme_id) references programme deferrable initially deferred,
        foreign key (clinic_id, cohort_id) references cohort deferrable initially deferred,
        check ((state in ('completed', 'withdrawn', 'not-suitable')) = (next_action is null and next_at is null)),
        check (state not in ('offered', 'enrolled', 'attending', 'completed') or cohort_id is not null),
        check ((state = 'offered') = (offered_until is not null)),
        check (state <> 'waitlisted' or listed_at is not null)
      );
      create index enrolment_programme on enrolment (clinic_id, programme_id, id);
      create index enrolment_list on enrolment (clinic_id, programme_id, listed_at, id) where state = 'waitlisted';
      create index enrolment_cohort on enrolment (clinic_id, cohort_id) where state in ('offered', 'enrolled', 'attending');
      create index enrolment_plan on enrolment (clinic_id, plan_id);
      create unique index enrolment_open on enrolment (clinic_id, activity_id) where state in ('referred', 'screened', 'waitlisted', 'offered', 'enrolled', 'attending');
      create index enrolment_offers on enrolment (offered_until) where state = 'offered';
      ${tenantTable('enrolment', 'select, insert, update')}
      ${sweptTable('enrolment', 'clinic_id, id, state, offered_until')}

      create table attendance (
        clinic_id uuid not null,
        id uuid not null,
        enrolment_id uuid not null,
        session_id uuid not null,
        state text not null check (state in ('expected', 'attended', 'missed', 'excused')),
        note text,
        version int not null default 1,
        primary key (clinic_id, id),
        unique (clinic_id, enrolment_id, session_id),
        foreign key (clinic_id, enrolment_id) references enrolment deferrable initially deferred,
        foreign key (clinic_id, session_id) references cohort_session deferrable initially deferred
      );
      ${tenantTable('attendance', 'select, insert, update')}

      create table enrolment_transition (
        clinic_id uuid not null,
        id uuid not null,
        enrolment_id uuid not null,
        event text not null,
        from_state text,
        to_state text not null,
        why text,
        at timestamptz not null,
        actor_kind text not null,
        actor_id text not null,
        primary key (clinic_id, id),
        foreign key (clinic_id, enrolment_id) references enrolment deferrable initially deferred
      );
      create index enrolment_transition_enrolment on enrolment_transition (clinic_id, enrolment_id, id);
      ${tenantTable('enrolment_transition', 'select, insert')}
    `);
  }
}

export const programmesMigrations: readonly NamedMigration[] = [{ name: '202611220260_programmes', class: ProgrammesMigration }];
