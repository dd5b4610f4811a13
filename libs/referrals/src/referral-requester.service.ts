import { Injectable } from '@nestjs/common';
import { isDeepStrictEqual } from 'node:util';
import { conflict, type CairnError } from '@cairn/kernel';
import type { Tx } from '@cairn/platform';
import type { ServiceRequest, Task } from '@medplum/fhirtypes';
import { ReferralClosing } from './referral-closing.service.js';
import { asksForCancellation, type Face } from './referral.dialect.js';
import { Referral } from './referral.entity.js';
import { REFERRAL_IDENTIFIER, faceOnTask } from './referral.fhir.js';
import { ReferralMoves } from './referral-moves.service.js';
import { ReferralProjection } from './referral-projection.service.js';
import { ReferralSafety } from './referral-safety.service.js';
import { ReferralScreening } from './referral-screening.service.js';

/** What the target of a Task sets; the requester may change anything else. Source: SDOHCC and BSeR, who sets what. */
const OF_TARGET = ['intent', 'code', 'focus', 'for', 'owner', 'priority', 'businessStatus', 'statusReason', 'output'] as const;

/** Carries out what the requester of a referral does to its Task or its request: cancel, mark as an error, add information. */
@Injectable()
export class ReferralRequester {
  constructor(
    private readonly moves: ReferralMoves,
    private readonly closing: ReferralClosing,
    private readonly screening: ReferralScreening,
    private readonly projection: ReferralProjection,
    private readonly safety: ReferralSafety,
  ) {}

  /** The id of the referral whose Task this is. */
  async referralOfTask(tx: Tx, taskId: string): Promise<string | undefined> {
    const [row] = await tx.query<{ id: string }>(`select id from referral where clinic_id = $1 and task_id = $2`, [tx.scope.clinicId, taskId]);
    return row?.id;
  }

  /**
   * The requester changed the Task. Lets pass what its dialect lets a requester do: ask for cancellation, mark an error, and add to what the target does not set.
   * Refuses all else with the rule's name, and a deletion always.
   */
  async changedTask(tx: Tx, referralId: string, before: Task | undefined, after: Task | undefined): Promise<void> {
    if (!before || !after) throw refusedBy('task-kept', 'The Task of a referral is kept. To end the referral, set its status to cancelled or entered-in-error.');
    const referral = await this.moves.lock(tx, referralId);
    const [was, asked] = [faceOnTask(before, referral.dialect), faceOnTask(after, referral.dialect)];
    const why = after.statusReason?.text;
    if (after.status === 'entered-in-error' && before.status !== 'entered-in-error') return this.closing.retractIn(tx, referral, why);
    if (!isDeepStrictEqual(was, asked)) {
      if (!asksForCancellation(referral.dialect, asked)) {
        throw refusedBy('status-of-target', `The requester of a referral may only ask for it to be cancelled, or mark it as entered in error: the clinic sets "${after.status}".`);
      }
      return this.#cancel(tx, referral, why, was);
    }
    const changed = OF_TARGET.filter((field) => !isDeepStrictEqual(before[field], after[field]));
    if (!isDeepStrictEqual(numberOf(before), numberOf(after))) throw refusedBy('task-field-of-target', 'The filler number on the Task belongs to the clinic.', ['identifier']);
    if (changed.length > 0) throw refusedBy('task-field-of-target', 'The clinic keeps these parts of the Task.', changed);
  }

  /**
   * The requester changed its own request, which nobody can refuse: the referral follows, also where it was sent by a second
   * route and stands here twice. Only another patient, or a deletion while it is open, is refused.
   */
  async changedRequest(tx: Tx, referralId: string, before: ServiceRequest | undefined, after: ServiceRequest | undefined): Promise<void> {
    const referral = await this.moves.lock(tx, referralId);
    if (!before) return;
    if (!after) {
      if (referral.settledAt || before.id !== referral.serviceRequestId) return;
      throw refusedBy('request-kept', 'A referral rests on this request. To end it, set the status to revoked or entered-in-error.');
    }
    if (after.subject.reference !== before.subject.reference) {
      throw refusedBy('other-patient', 'A request that is a referral cannot be moved to another patient. Mark it as entered in error and send a new one.');
    }
    if (referral.state === 'entered-in-error') return;
    if (after.status === 'entered-in-error') return this.closing.retractIn(tx, referral, undefined);
    if (referral.settledAt) return;
    if (after.status === 'revoked') return this.#cancel(tx, referral, undefined);
    await this.#moreIsKnown(tx, referral, before, after);
  }

  /** The referrer answered with a message. Ends the wait where one was on; looks at the record again. */
  async answered(tx: Tx, referralId: string): Promise<void> {
    const referral = await this.moves.lock(tx, referralId);
    if (referral.state !== 'information-requested') return;
    await this.moves.move(tx, referral, 'provide-information', { as: 'requester', comment: 'The referrer answered with a message.' });
    await this.lookAgain(tx, referral);
  }

  /** Looks at the evidence again and shows what came of it. */
  async lookAgain(tx: Tx, referral: Referral): Promise<void> {
    const settings = await this.moves.settings(tx);
    const { hardStops } = await this.screening.look(tx, referral, settings);
    await this.projection.show(tx, referral, settings);
    await this.safety.report(tx, referral, settings, hardStops);
    await tx.flush();
  }

  /** A second request to cancel changes nothing, so that a repeated message is no error. */
  async #cancel(tx: Tx, referral: Referral, why: string | undefined, was?: Face): Promise<void> {
    if (referral.state === 'cancellation-requested' || referral.state === 'withdrawn') return;
    await this.closing.cancelIn(tx, referral, why, was);
  }

  async #moreIsKnown(tx: Tx, referral: Referral, before: ServiceRequest, after: ServiceRequest): Promise<void> {
    if (referral.state === 'information-requested' && !isDeepStrictEqual(before.supportingInfo, after.supportingInfo)) {
      await this.moves.move(tx, referral, 'provide-information', { as: 'requester', comment: 'The referrer added to the request.' });
    }
    await this.lookAgain(tx, referral);
  }
}

const numberOf = (task: Task): unknown => (task.identifier ?? []).filter(({ system }) => system === REFERRAL_IDENTIFIER);

const refusedBy = (rule: string, message: string, fields: readonly string[] = []): CairnError =>
  conflict(message, { code: `referral.${rule}`, issues: fields.map((field) => ({ path: `Task.${field}`, message: 'Leave it as it was read.' })) });
