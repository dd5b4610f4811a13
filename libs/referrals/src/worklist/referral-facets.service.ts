import { Injectable } from '@nestjs/common';
import { FhirStore } from '@cairn/fhir';
import { Patients } from '@cairn/people';
import type { Tx } from '@cairn/platform';
import type { ServiceRequest } from '@medplum/fhirtypes';
import { facetsOf } from './referral-facets.js';
import { searchWords } from './search-words.js';

/** Keeps what the worklist is filtered and searched by, in the transaction that changes the request, the patient or the notes. */
@Injectable()
export class ReferralFacets {
  constructor(
    private readonly store: FhirStore,
    private readonly patients: Patients,
  ) {}

  /** Reads request and patient anew. Call after the row is written. */
  async refresh(tx: Tx, referral: { readonly id: string; readonly patientId: string }, request: ServiceRequest | undefined): Promise<void> {
    const patient = await this.store.find(tx, 'Patient', referral.patientId);
    const facets = facetsOf(request, patient, await this.patients.get(tx, referral.patientId));
    const { clinicId } = tx.scope;
    await tx.query({
      name: 'referral-facets',
      text: `update referral set referrer = $3, referrer_key = $4, language = $5, area = $6, needs_access = $7 where clinic_id = $1 and id = $2
        and (referrer, referrer_key, language, area, needs_access) is distinct from ($3::text, $4::text, $5::text, $6::text, $7::boolean)`,
      values: [clinicId, referral.id, facets.referrer, facets.referrerKey, facets.language, facets.area, facets.needWords.length > 0],
    });
    await tx.query({ name: 'referral-words-stale', text: `delete from referral_word where clinic_id = $1 and referral_id = $2 and source in ('request', 'need')`, values: [clinicId, referral.id] });
    await this.#say(tx, referral.id, 'request', facets.requestWords);
    await this.#say(tx, referral.id, 'need', facets.needWords);
  }

  /** Lets the referral be found by the words of a note. */
  async note(tx: Tx, referralId: string, text: string): Promise<void> {
    await this.#say(tx, referralId, 'note', searchWords(text));
  }

  /** Reads the facets of the patients' open referrals anew. What is over keeps what it was counted by. */
  async patientsChanged(tx: Tx, patientIds: readonly string[]): Promise<void> {
    const rows = await tx.query<{ id: string; patient_id: string; service_request_id: string }>({
      name: 'referral-facets-of-patients',
      text: `select id, patient_id, service_request_id from referral where clinic_id = $1 and patient_id = any($2) and settled_at is null order by id`,
      values: [tx.scope.clinicId, patientIds],
    });
    for (const row of rows) await this.refresh(tx, { id: row.id, patientId: row.patient_id }, await this.store.find(tx, 'ServiceRequest', row.service_request_id));
  }

  async #say(tx: Tx, referralId: string, source: 'request' | 'note' | 'need', words: readonly string[]): Promise<void> {
    if (words.length === 0) return;
    await tx.query({
      name: 'referral-words',
      text: `insert into referral_word (clinic_id, word, referral_id, source) select $1, unnest($2::text[]), $3, $4 on conflict do nothing`,
      values: [tx.scope.clinicId, words, referralId, source],
    });
  }
}
