import { Migration } from '@mikro-orm/migrations';
import type { NamedMigration } from '@cairn/platform';

/** What reports look for by date. */
class ReportsMigration extends Migration {
  override up(): void {
    this.addSql(`create index referral_first_seen on referral (clinic_id, first_seen_at) where first_seen_at is not null`);
  }
}

export const reportsMigrations: readonly NamedMigration[] = [{ name: '202611251930_referral_reports', class: ReportsMigration }];
