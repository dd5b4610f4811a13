import { Migration } from '@mikro-orm/migrations';

/** What the referrer wants, and whether a person has said whom the referral is for. */
export class ReferralWishMigration extends Migration {
  override up(): void {
    this.addSql(`
      alter table referral add column asks_for text not null default 'care' check (asks_for in ('care', 'advice'));
      alter table referral add column routing_chosen boolean not null default false;
    `);
  }
}
