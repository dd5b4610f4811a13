import { Migration } from '@mikro-orm/migrations';
import { sweptTable, tenantTable } from '@cairn/platform';

/** Referrals that may be one, the marks by which that is seen, and how long information is waited for. */
export class ReferralDuplicatesMigration extends Migration {
  override up(): void {
    this.addSql(`
      create table referral_trait (
        clinic_id uuid not null,
        mark text not null,
        referral_id uuid not null,
        kind text not null check (kind in ('same-person', 'same-request')),
        primary key (clinic_id, mark, referral_id),
        foreign key (clinic_id, referral_id) references referral deferrable initially deferred
      );
      ${tenantTable('referral_trait', 'select, insert')}

      create table referral_duplicate (
        clinic_id uuid not null,
        earlier_id uuid not null,
        later_id uuid not null,
        because text[] not null check (cardinality(because) > 0),
        state text not null check (state in ('suspected', 'duplicate', 'separate')),
        noted_at timestamptz not null,
        decided_at timestamptz,
        decided_by text,
        ended_id uuid,
        comment text,
        primary key (clinic_id, earlier_id, later_id),
        foreign key (clinic_id, earlier_id) references referral deferrable initially deferred,
        foreign key (clinic_id, later_id) references referral deferrable initially deferred,
        check (earlier_id <> later_id),
        check ((state = 'suspected') = (decided_at is null and decided_by is null)),
        check ((state = 'duplicate') = (ended_id is not null and ended_id in (earlier_id, later_id)))
      );
      create index referral_duplicate_later on referral_duplicate (clinic_id, later_id);
      ${tenantTable('referral_duplicate', 'select, insert, update')}

      alter table referral
        add column suspected_duplicates int not null default 0 check (suspected_duplicates >= 0),
        add column information_due_at timestamptz,
        add column information_step text check (information_step in ('asked', 'reminded', 'overdue')),
        add check (information_due_at is null or information_step in ('asked', 'reminded'));
      update referral set information_step = 'asked', information_due_at = next_action_at where state = 'information-requested';
      alter table referral add check ((state = 'information-requested') = (information_step is not null));
      create index referral_information_due on referral (information_due_at) where information_due_at is not null;
      drop policy sweep on referral;
      ${sweptTable('referral', 'clinic_id, id, decision_due_at, review_due_at, review_escalated_at, information_due_at')}
    `);
  }
}
