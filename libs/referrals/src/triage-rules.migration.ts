import { Migration } from '@mikro-orm/migrations';
import { sweptTable, tenantTable } from '@cairn/platform';

/** Versions of triage rules, what they suggested, what waiting patients are asked, and the conversation with referrers. */
export class TriageRulesMigration extends Migration {
  override up(): void {
    this.addSql(`
      create table triage_rule_set (
        clinic_id uuid not null references clinic,
        version int not null check (version > 0),
        state text not null check (state in ('draft', 'live', 'retired')),
        note text not null,
        rules jsonb not null,
        created_at timestamptz not null,
        created_by text not null,
        tried_at timestamptz,
        live_at timestamptz,
        live_by text,
        retired_at timestamptz,
        primary key (clinic_id, version),
        check ((state = 'draft') = (live_at is null)),
        check (live_at is null or tried_at is not null)
      );
      create unique index triage_rule_set_live on triage_rule_set (clinic_id) where state = 'live';
      ${tenantTable('triage_rule_set', 'select, insert, update')}

      alter table referral
        add column suggestion jsonb,
        add column waiting_ask_at timestamptz,
        add column waiting_asked_at timestamptz,
        add column waiting_answer text check (waiting_answer in ('still', 'worse', 'not-wanted')),
        add column referrer_wrote_at timestamptz,
        add column conversion_agreed jsonb,
        add check (waiting_ask_at is null or state = 'waitlisted');
      update referral set waiting_ask_at = next_action_at where state = 'waitlisted' and settled_at is null;
      create index referral_waiting_ask on referral (waiting_ask_at) where waiting_ask_at is not null;
      create index referral_transition_left on referral_transition (clinic_id, happened_at) where from_state = 'waitlisted';
      create index referral_decided on referral (clinic_id, id) where decision_due_at is null and (accepted_at is not null or state in ('declined', 'redirected'));
      drop policy sweep on referral;
      ${sweptTable('referral', 'clinic_id, id, decision_due_at, review_due_at, review_escalated_at, information_due_at, waiting_ask_at')}
    `);
  }
}
