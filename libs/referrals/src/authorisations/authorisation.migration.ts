import { Migration } from '@mikro-orm/migrations';
import { sweptTable, tenantTable, type NamedMigration } from '@cairn/platform';
import { AUTHORISATION_STATES } from './authorisation.workflow.js';

/** Authorisations by insurers, every step of theirs, and the visits they were used for. */
class AuthorisationsMigration extends Migration {
  override up(): void {
    this.addSql(`
      create table referral_authorisation (
        clinic_id uuid not null,
        id uuid not null,
        referral_id uuid not null,
        patient_id text not null,
        service_request_id text not null,
        state text not null check (state in (${AUTHORISATION_STATES.map((state) => `'${state}'`).join(', ')})),
        insurer text not null,
        service text not null,
        number text,
        asked_at timestamptz,
        granted_from text,
        granted_until text check (granted_until >= granted_from),
        visits_granted int check (visits_granted > 0),
        visits_used int not null check (visits_used >= 0),
        reason text,
        next_action text,
        next_action_at timestamptz,
        due_at timestamptz,
        reminded_at timestamptz,
        owner_name text not null,
        opened_at timestamptz not null,
        version int not null default 1,
        primary key (clinic_id, id),
        foreign key (clinic_id, referral_id) references referral,
        check ((state = 'closed') = (next_action is null or next_action_at is null)),
        check (state <> 'granted' or (granted_from is not null and granted_until is not null))
      );
      create index referral_authorisation_referral on referral_authorisation (clinic_id, referral_id, id);
      create index referral_authorisation_open on referral_authorisation (clinic_id, next_action_at, id) where state <> 'closed';
      create index referral_authorisation_due on referral_authorisation (due_at) where due_at is not null;
      create index referral_authorisation_request on referral_authorisation (clinic_id, service_request_id) where state = 'granted';
      ${tenantTable('referral_authorisation', 'select, insert, update')}
      ${sweptTable('referral_authorisation', 'clinic_id, id, due_at')}

      create table referral_authorisation_transition (
        clinic_id uuid not null,
        id uuid not null,
        authorisation_id uuid not null,
        event text not null,
        from_state text,
        to_state text not null,
        happened_at timestamptz not null,
        actor_kind text not null,
        actor_id text not null,
        comment text,
        primary key (clinic_id, id),
        foreign key (clinic_id, authorisation_id) references referral_authorisation
      );
      create index referral_authorisation_transition_of on referral_authorisation_transition (clinic_id, authorisation_id, id);
      ${tenantTable('referral_authorisation_transition', 'select, insert')}

      create table referral_authorisation_visit (
        clinic_id uuid not null,
        authorisation_id uuid not null,
        source text not null,
        counted_at timestamptz not null,
        primary key (clinic_id, authorisation_id, source),
        foreign key (clinic_id, authorisation_id) references referral_authorisation
      );
      ${tenantTable('referral_authorisation_visit', 'select, insert')}
    `);
  }
}

export const authorisationMigrations: readonly NamedMigration[] = [{ name: '202611251940_referral_authorisations', class: AuthorisationsMigration }];
