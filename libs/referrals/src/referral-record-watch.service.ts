import { Injectable } from '@nestjs/common';
import type { FhirWrite } from '@cairn/fhir';
import type { Tx } from '@cairn/platform';
import type { Communication, Reference, Resource, ResourceType } from '@medplum/fhirtypes';
import { hintsIn, textsIn } from './red-flag-words.js';
import { screen } from './red-flags.js';
import { screeningData } from './referral-evidence.service.js';
import { ReferralAdvice } from './referral-advice.service.js';
import { ReferralMoves } from './referral-moves.service.js';
import { idIn } from './referral-recognition.js';
import { ReferralRequester } from './referral-requester.service.js';

interface OpenReferral {
  readonly id: string;
  readonly patient_id: string;
  readonly service_request_id: string;
  readonly state: string;
}

/** What may tell of a red flag. */
export const RECORD_TYPES: readonly ResourceType[] = ['Condition', 'Observation', 'MedicationRequest', 'MedicationStatement', 'QuestionnaireResponse'];
const UNDECIDED = ['received', 'in-triage', 'information-requested'];

/** Sees what grows in the record of patients with an open referral: a red flag that comes later must not be missed, and an answer ends a wait. */
@Injectable()
export class ReferralRecordWatch {
  constructor(
    private readonly moves: ReferralMoves,
    private readonly requester: ReferralRequester,
    private readonly advice: ReferralAdvice,
  ) {}

  /**
   * Looks again at the open referrals that the writes bear on. `taken` names requests that came in with these same writes and were looked at then. While a
   * referral is undecided anything new may complete it; later only what may be a red flag counts.
   */
  async see(tx: Tx, writes: readonly FhirWrite[], taken: ReadonlySet<string>): Promise<void> {
    const written = writes.flatMap(({ resource }) => (resource ? [resource] : []));
    await this.#answers(tx, written.filter((resource) => resource.resourceType === 'Communication'));
    const facts = written.filter((resource) => RECORD_TYPES.includes(resource.resourceType));
    const patients = [...new Set(facts.flatMap((resource) => patientOf(resource) ?? []))];
    if (patients.length === 0) return;
    const open = await tx.query<OpenReferral>({
      name: 'referral-open-of-patients',
      plannedOnce: true,
      text: `select id, patient_id, service_request_id, state from referral where clinic_id = $1 and patient_id = any($2) and settled_at is null order by id`,
      values: [tx.scope.clinicId, patients],
    });
    for (const referral of open) {
      if (taken.has(referral.service_request_id)) continue;
      const own = facts.filter((resource) => patientOf(resource) === referral.patient_id);
      const alarming = screen(screeningData(referral.patient_id, undefined, own), tx.clock.now()).some(({ state }) => state === 'found') || hintsIn(textsIn(own)).length > 0;
      if (alarming || UNDECIDED.includes(referral.state)) await this.requester.lookAgain(tx, await this.moves.lock(tx, referral.id));
    }
  }

  /** What the referrer writes waits for an answer, unless it is one itself. */
  async #conversation(tx: Tx, messages: readonly Communication[]): Promise<void> {
    for (const message of messages) {
      const requests = (message.basedOn ?? []).flatMap((reference) => idIn(reference, 'ServiceRequest') ?? []);
      const known = await tx.query<{ id: string }>(
        `select id from referral where clinic_id = $1 and service_request_id = any($2) and state <> 'information-requested' order by id`,
        [tx.scope.clinicId, requests],
      );
      for (const { id } of known) await this.advice.heard(tx, await this.moves.lock(tx, id), message);
    }
  }

  async #answers(tx: Tx, messages: readonly Communication[]): Promise<void> {
    const requests = [...new Set(messages.flatMap(({ basedOn }) => (basedOn ?? []).flatMap((reference) => idIn(reference, 'ServiceRequest') ?? [])))];
    if (requests.length === 0) return;
    await this.#conversation(tx, messages);
    const waiting = await tx.query<{ id: string }>(
      `select id from referral where clinic_id = $1 and service_request_id = any($2) and state = 'information-requested' order by id`,
      [tx.scope.clinicId, requests],
    );
    for (const { id } of waiting) await this.requester.answered(tx, id);
  }
}

const patientOf = (resource: Resource): string | undefined => ('subject' in resource ? idIn(resource.subject as Reference | undefined, 'Patient') : undefined);
