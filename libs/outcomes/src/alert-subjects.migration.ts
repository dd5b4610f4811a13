import { Migration } from '@mikro-orm/migrations';

/** Safety alerts about more than answers: each names its subject, says its finding in words, and keeps one open alert for a rule and subject. */
export class AlertSubjectsMigration extends Migration {
  override up(): void {
    this.addSql(`
      alter table safety_alert
        alter column assessment_id drop not null,
        add column subject_kind text not null default 'assessment',
        add column subject_id uuid,
        add column label text not null default '',
        add column focus text;
      update safety_alert set subject_id = assessment_id, focus = 'Task/' || assessment_id, label = rule;
      alter table safety_alert
        alter column subject_kind drop default,
        alter column label drop default,
        alter column subject_id set not null,
        alter column focus set not null,
        add check ((subject_kind = 'assessment') = (assessment_id is not null));
      create unique index safety_alert_subject on safety_alert (clinic_id, subject_kind, subject_id, rule) where state in ('raised', 'escalated');
    `);
  }
}
