import { Migration } from '@mikro-orm/migrations';
import { tenantTable, type NamedMigration } from '@cairn/platform';

/** How patients may be reached, what they decided about it, and the links handed to them. */
class PeopleMigration extends Migration {
  override up(): void {
    this.addSql(`
      create table contact_preference (
        clinic_id uuid not null references clinic,
        patient_id text not null,
        channels text[] not null check (channels <@ array['sms', 'email']),
        zone text,
        origin text not null check (origin in ('record', 'chosen')),
        changed_at timestamptz not null,
        version int not null default 1,
        primary key (clinic_id, patient_id)
      );
      ${tenantTable('contact_preference', 'select, insert, update')}

      create table contact_decision (
        clinic_id uuid not null references clinic,
        id uuid not null,
        patient_id text not null,
        kind text not null check (kind in ('consent-given', 'consent-withdrawn', 'opted-out', 'opted-in')),
        topic text not null check (topic in ('care', 'questionnaires', 'all')),
        channel text check (channel in ('sms', 'email')),
        how text not null check (how in ('given-to-provider', 'in-person', 'phone', 'written', 'sms-reply', 'email-link')),
        recorded_at timestamptz not null,
        actor_kind text not null,
        actor_id text not null,
        primary key (clinic_id, id),
        check ((kind like 'consent-%') = (channel is not null)),
        check (kind like 'opted-%' or topic <> 'all')
      );
      create index contact_decision_patient on contact_decision (clinic_id, patient_id, recorded_at, id);
      ${tenantTable('contact_decision', 'select, insert')}

      create table patient_link (
        clinic_id uuid not null references clinic,
        token_hash bytea not null,
        patient_id text not null,
        purpose text not null check (purpose ~ '^[a-z-]{1,40}$'),
        subject text not null,
        issued_at timestamptz not null,
        expires_at timestamptz not null,
        primary key (clinic_id, token_hash)
      );
      create index patient_link_expiry on patient_link (clinic_id, expires_at);
      ${tenantTable('patient_link', 'select, insert, delete')}
    `);
  }
}

export const peopleMigrations: readonly NamedMigration[] = [{ name: '202611220210_people', class: PeopleMigration }];
