import { Migration } from '@mikro-orm/migrations';
import { sweptTable, tenantTable, type NamedMigration } from '@cairn/platform';

/** Reminders, their steps, what became of them on each channel, and what was handed to a coordinator. */
class RemindersMigration extends Migration {
  override up(): void {
    this.addSql(`
      create table reminder (
        clinic_id uuid not null references clinic,
        id uuid not null,
        patient_id text not null,
        kind text not null,
        kinds_version text not null,
        topic text not null check (topic in ('care', 'questionnaires')),
        about text not null check (about in ('plan-review', 'assessment', 'assessment-again')),
        subject_id text not null,
        event_at timestamptz not null,
        due_at timestamptz not null,
        latest_at timestamptz not null,
        state text not null check (state in ('pending', 'claimed', 'sending', 'unknown', 'sent', 'undelivered', 'delivered', 'answered', 'escalated', 'skipped', 'cancelled')),
        rule text,
        channels text[] not null default '{}' check (channels <@ array['sms', 'email']),
        sent_at timestamptz,
        interpreter_needed boolean not null default false,
        answer text check (answer in ('confirmed', 'reschedule', 'stop', 'free-text')),
        answered_at timestamptz,
        silent_from timestamptz,
        turn int not null default 0,
        planned_at timestamptz not null,
        version int not null default 1,
        primary key (clinic_id, id),
        check (state <> 'answered' or answer is not null),
        check (state not in ('skipped', 'cancelled') or rule is not null)
      );
      create index reminder_due on reminder (due_at) where state = 'pending';
      create index reminder_silent on reminder (silent_from) where state in ('sent', 'delivered');
      create index reminder_patient on reminder (clinic_id, patient_id, id);
      create index reminder_state on reminder (clinic_id, state, id);
      create index reminder_subject on reminder (clinic_id, subject_id);
      create unique index reminder_planned_once on reminder (clinic_id, subject_id, kind) where state in ('pending', 'claimed', 'sending');
      ${tenantTable('reminder', 'select, insert, update')}
      ${sweptTable('reminder', 'clinic_id, id, state, due_at, silent_from, turn')}

      create table reminder_transition (
        clinic_id uuid not null references clinic,
        id uuid not null,
        reminder_id uuid not null,
        event text not null,
        from_state text,
        to_state text not null,
        rule text,
        at timestamptz not null,
        actor_kind text not null,
        actor_id text not null,
        primary key (clinic_id, id),
        foreign key (clinic_id, reminder_id) references reminder
      );
      create index reminder_transition_of on reminder_transition (clinic_id, reminder_id, id);
      ${tenantTable('reminder_transition', 'select, insert')}

      create table reminder_sending (
        clinic_id uuid not null references clinic,
        id uuid not null,
        reminder_id uuid not null,
        patient_id text not null,
        channel text not null check (channel in ('sms', 'email')),
        word text not null check (word in ('dropped', 'sending', 'unknown', 'sent', 'undelivered', 'delivered')),
        rule text,
        at timestamptz not null,
        primary key (clinic_id, id),
        foreign key (clinic_id, reminder_id) references reminder
      );
      create index reminder_sending_of on reminder_sending (clinic_id, reminder_id, id);
      create index reminder_sending_lately on reminder_sending (clinic_id, patient_id, at);
      ${tenantTable('reminder_sending', 'select, insert')}

      create table escalation (
        clinic_id uuid not null references clinic,
        id uuid not null,
        patient_id text,
        reminder_id uuid,
        reason text not null check (reason in ('no-channel', 'undelivered', 'outcome-unknown', 'no-answer', 'wants-reschedule', 'stopped-messages', 'free-text', 'unmatched-reply')),
        rule text,
        reply_id text,
        state text not null check (state in ('open', 'resolved', 'withdrawn')),
        opened_at timestamptz not null,
        due_at timestamptz not null,
        closed_at timestamptz,
        closed_by text,
        outcome text check (outcome in ('reached-by-phone', 'letter-sent', 'rescheduled', 'contact-details-mended', 'referrer-informed', 'nothing-to-do')),
        note text,
        version int not null default 1,
        primary key (clinic_id, id),
        foreign key (clinic_id, reminder_id) references reminder,
        check (patient_id is not null or reply_id is not null),
        check ((state = 'open') = (closed_at is null)),
        check ((state = 'resolved') = (outcome is not null))
      );
      create index escalation_worklist on escalation (clinic_id, state, due_at, id);
      create index escalation_reminder on escalation (clinic_id, reminder_id) where state = 'open';
      create index escalation_patient on escalation (clinic_id, patient_id, id);
      ${tenantTable('escalation', 'select, insert, update')}
    `);
  }
}

/** Notices about referrals. */
class ReferralNoticesMigration extends Migration {
  override up(): void {
    this.addSql(`
      alter table reminder drop constraint reminder_about_check;
      alter table reminder add constraint reminder_about_check check (about in ('plan-review', 'assessment', 'assessment-again', 'referral'));
    `);
  }
}

/** Names who has an escalation: the pool that shares them, as its Task says too. */
class EscalationOwnerMigration extends Migration {
  override up(): void {
    this.addSql(`alter table escalation add column owner_name text not null default 'Care coordinators' check (btrim(owner_name) <> '')`);
  }
}

export const remindersMigrations: readonly NamedMigration[] = [
  { name: '202611220270_reminders', class: RemindersMigration },
  { name: '202611252100_referral_notices', class: ReferralNoticesMigration },
  { name: '202611251920_escalation_owner', class: EscalationOwnerMigration },
];
