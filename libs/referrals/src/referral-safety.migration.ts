import { Migration } from '@mikro-orm/migrations';
import { sweptTable } from '@cairn/platform';

/** What evidence says and by which source, hints from free text, and the time by which weak flags are looked at. */
export class ReferralSafetyMigration extends Migration {
  override up(): void {
    this.addSql(`
      alter table referral_flag
        drop constraint referral_flag_state_check,
        add constraint referral_flag_state_check check (state in ('found', 'denied', 'hinted')),
        add column grounds jsonb not null default '[]';
      alter table referral
        add column review_due_at timestamptz,
        add column review_escalated_at timestamptz,
        add check (review_escalated_at is null or review_due_at is not null);
      update referral set review_due_at = next_action_at where open_concerns > 0;
      create index referral_review_due on referral (review_due_at) where review_due_at is not null and review_escalated_at is null;
      create index referral_flag_noted on referral_flag (clinic_id, noted_at);
      create index referral_received on referral (clinic_id, received_at);
      drop policy sweep on referral;
      ${sweptTable('referral', 'clinic_id, id, decision_due_at, review_due_at, review_escalated_at')}
    `);
  }
}
