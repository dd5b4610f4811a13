import { Migration } from '@mikro-orm/migrations';

/** What a referral carries and what becomes of many at once: counted attachments, Tasks that their EHR did not take, and a clinic's stale referrals in their order. */
export class ReferralUpkeepMigration extends Migration {
  override up(): void {
    this.addSql(`
      alter table referral add column attachments int not null default 0;
      create index referral_not_taken on referral (clinic_id, id) where not_taken is not null;
      create index referral_stale_of on referral (clinic_id, stale_at, id) where stale_at is not null and stale_noted_at is null;
    `);
  }
}
