import { Migration } from '@mikro-orm/migrations';
import { sweptTable, tenantTable, type NamedMigration } from '@cairn/platform';
import { ReferrerLettersMigration } from './letters/letters.migration.js';

/** Messages, the attempts to send them, and which replies were taken. */
class NotificationsMigration extends Migration {
  override up(): void {
    this.addSql(`
      create table message (
        clinic_id uuid not null references clinic,
        id uuid not null,
        patient_id text,
        reminder_id uuid,
        channel text not null check (channel in ('sms', 'email')),
        template text not null,
        templates_version text not null,
        language text,
        interpreter_needed boolean not null default false,
        address text,
        parameters jsonb not null default '{}',
        state text not null check (state in ('queued', 'sending', 'unknown', 'sent', 'failed', 'delivered', 'dropped', 'cancelled')),
        rule text,
        due_at timestamptz not null,
        latest_at timestamptz,
        retry_at timestamptz,
        tries int not null default 0,
        repeats int not null default 0,
        turn int not null default 0,
        created_at timestamptz not null,
        version int not null default 1,
        primary key (clinic_id, id),
        check (state <> 'sending' or retry_at is not null),
        check (state not in ('dropped', 'cancelled', 'failed') or rule is not null)
      );
      create index message_due on message (due_at) where state in ('queued', 'sending');
      create index message_reminder on message (clinic_id, reminder_id);
      create unique index message_once on message (clinic_id, reminder_id, channel);
      create index message_address on message (clinic_id, address, id) where address is not null;
      ${tenantTable('message', 'select, insert, update')}
      ${sweptTable('message', 'clinic_id, id, state, due_at, retry_at, turn')}

      create table message_attempt (
        clinic_id uuid not null references clinic,
        id uuid not null,
        message_id uuid not null,
        number int not null,
        idempotency_key uuid not null,
        word text not null check (word in ('sending', 'unknown', 'sent', 'failed', 'delivered')),
        code text,
        provider_id text,
        lease_until timestamptz not null,
        started_at timestamptz not null,
        ended_at timestamptz,
        primary key (clinic_id, id),
        unique (clinic_id, message_id, number),
        foreign key (clinic_id, message_id) references message
      );
      ${tenantTable('message_attempt', 'select, insert, update')}

      create table message_reply (
        clinic_id uuid not null references clinic,
        provider_id text not null,
        says text not null,
        reminder_id uuid,
        received_at timestamptz not null,
        primary key (clinic_id, provider_id)
      );
      ${tenantTable('message_reply', 'select, insert')}
    `);
  }
}

export const notificationsMigrations: readonly NamedMigration[] = [
  { name: '202611220280_notifications', class: NotificationsMigration },
  { name: '202611252110_referrer_letters', class: ReferrerLettersMigration },
];
