import { Migration } from '@mikro-orm/migrations';
import { sweptTable } from '@cairn/platform';

/** Many turn stale at the same moment: which of them comes first must not change from look to look. */
export class StaleOrderMigration extends Migration {
  override up(): void {
    this.addSql(`
      drop index referral_stale_due;
      create index referral_stale_due on referral (stale_at, id) where stale_at is not null and stale_noted_at is null;
    `);
  }
}

/** Since when a referral that nobody moved stands on top of the worklist. */
export class StaleReferralsMigration extends Migration {
  override up(): void {
    this.addSql(`
      alter table referral add column stale_noted_at timestamptz, add check (stale_noted_at is null or stale_at is not null);
      create index referral_stale_due on referral (stale_at) where stale_at is not null and stale_noted_at is null;
      drop policy sweep on referral;
      ${sweptTable('referral', 'clinic_id, id, decision_due_at, review_due_at, review_escalated_at, information_due_at, waiting_ask_at, stale_at, stale_noted_at')}
    `);
  }
}
