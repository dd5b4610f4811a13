import { Migration } from '@mikro-orm/migrations';
import { sweptTable, tenantTable } from '@cairn/platform';
import { LETTER_STATES } from './letter.workflow.js';

/** Letters to referrers whom no EHR tells. */
export class ReferrerLettersMigration extends Migration {
  override up(): void {
    this.addSql(`
      create table referrer_letter (
        clinic_id uuid not null references clinic,
        id uuid not null,
        patient_id text not null,
        service_request_id text not null,
        communication_id text not null,
        document_id text not null,
        state text not null check (state in (${LETTER_STATES.map((state) => `'${state}'`).join(', ')})),
        recipient text not null,
        email text,
        phone text,
        post text,
        rule text,
        due_at timestamptz,
        retry_at timestamptz,
        tries int not null default 0,
        written_at timestamptz not null,
        delivered_at timestamptz,
        delivered_by text,
        note text,
        version int not null default 1,
        primary key (clinic_id, id),
        unique (clinic_id, communication_id),
        check ((state = 'delivered') = (due_at is null)),
        check ((state = 'delivered') = (delivered_at is not null))
      );
      create index referrer_letter_open on referrer_letter (clinic_id, due_at, id) where state <> 'delivered';
      create index referrer_letter_due on referrer_letter (due_at) where state in ('to-mail', 'mailing', 'mailed');
      create index referrer_letter_patient on referrer_letter (clinic_id, patient_id, id);
      ${tenantTable('referrer_letter', 'select, insert, update')}
      ${sweptTable('referrer_letter', 'clinic_id, id, state, due_at, retry_at, tries')}
    `);
  }
}
