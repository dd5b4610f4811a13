import { Inject, Injectable } from '@nestjs/common';
import { newId } from '@cairn/kernel';
import { FhirStore } from '@cairn/fhir';
import type { Tx } from '@cairn/platform';
import type { ServiceRequest, Task } from '@medplum/fhirtypes';
import { faceKey, faceOf, isLegalStep, pathTo, type Face } from './referral.dialect.js';
import { courseOf, type Referral } from './referral.entity.js';
import { faceOnTask, newTask, noticeToReferrer, ownRequestStatus, showOnTask, type ReferralView } from './referral.fhir.js';
import { REFERRER_NOTICE } from './referral.events.js';
import type { Letter } from './referral.letters.js';
import type { ReferralSettings } from './referral.settings.js';

/** Writes the FHIR faces of a referral in the transaction that changes it: its Task, the request if Cairn placed it, and messages to the referrer. */
@Injectable()
export class ReferralProjection {
  constructor(@Inject(FhirStore) private readonly store: FhirStore) {}

  /** What the referral shows of itself. A decision that can still be undone does not show. */
  view(referral: Referral, settings: ReferralSettings): ReferralView {
    const pending = referral.decisionDueAt ? referral.decision : null;
    return {
      id: referral.id,
      patientId: referral.patientId,
      serviceRequestId: referral.serviceRequestId,
      taskId: referral.taskId,
      dialect: referral.dialect,
      faceKey: faceKey(courseOf(referral)),
      urgency: pending ? pending.before.urgency : referral.urgency,
      reason: referral.reasonCode && referral.reasonText ? { code: referral.reasonCode, text: referral.reasonText } : null,
      outcome: referral.outcome ?? null,
      clinic: { reference: settings.reference, display: settings.clinicName },
    };
  }

  /**
   * Brings the Task (and the status of a request that Cairn placed) to where the referral is, step by legal step of its dialect. Writes nothing when they are
   * there. `was` is the face before an outside system changed it, or the one from which a Task that was just placed sets out. Throws when the dialect knows no way: the table and the machine would contradict each other.
   */
  async show(tx: Tx, referral: Referral, settings: ReferralSettings, was?: Face): Promise<void> {
    const view = this.view(referral, settings);
    const task = await this.store.read(tx, 'Task', referral.taskId);
    const target = faceOf(referral.dialect, view.faceKey);
    const now = tx.clock.now();
    for (const face of this.#stations(task, target, view, was)) {
      if (this.#isShown(task, face, view)) continue;
      await this.store.amend(tx, 'Task', referral.taskId, (amended) => showOnTask(amended, face, view, now));
    }
    if (referral.placedHere) await this.#showOnRequest(tx, view);
  }

  /** Makes the Task of a referral whose requester sent none. */
  async createTask(tx: Tx, referral: Referral, request: ServiceRequest, settings: ReferralSettings): Promise<void> {
    const view = this.view(referral, settings);
    const now = tx.clock.now();
    const task = newTask(view, request, referral.placedHere, now);
    showOnTask(task, faceOf(referral.dialect, view.faceKey), view, now);
    await this.store.create(tx, task);
  }

  /** Ends a Task that Cairn made before the requester's own arrived. */
  async supersedeTask(tx: Tx, referral: Referral, settings: ReferralSettings): Promise<void> {
    const ended: ReferralView = { ...this.view(referral, settings), faceKey: 'withdrawn', reason: { code: 'superseded', text: 'Replaced by the Task that the requester sent.' } };
    const task = await this.store.read(tx, 'Task', referral.taskId);
    const now = tx.clock.now();
    for (const face of this.#stations(task, faceOf(referral.dialect, 'withdrawn'), ended, undefined)) {
      await this.store.amend(tx, 'Task', referral.taskId, (amended) => showOnTask(amended, face, ended, now));
    }
  }

  /**
   * Tells whoever placed the request: by way of the EHR that it came from, and else as news that somebody must deliver. Returns the
   * Communication's id.
   */
  async tell(tx: Tx, referral: Referral, settings: ReferralSettings, letter: Letter): Promise<string> {
    const request = await this.store.find(tx, 'ServiceRequest', referral.serviceRequestId);
    const { phone } = settings.organisation;
    const signed = phone ? { ...letter, text: `${letter.text} You can reach us at ${phone}.` } : letter;
    const communication = await this.store.create(tx, noticeToReferrer(newId(), this.view(referral, settings), signed, request?.requester, tx.clock.now()));
    if (!referral.connectionId) await tx.emit(REFERRER_NOTICE, { referralId: referral.id, patientId: referral.patientId, communicationId: communication.id });
    return communication.id;
  }

  /** The faces to pass, the target always last: what stands beside the status may have changed though the status has not. */
  #stations(task: Task, target: Face, view: ReferralView, was: Face | undefined): Face[] {
    const now = faceOnTask(task, view.dialect);
    const from = was ?? now;
    if (now.status === target.status && (from === now || isLegalStep(view.dialect, from, target))) return [target];
    const path = pathTo(view.dialect, from, target);
    if (!path) throw new Error(`The dialect ${view.dialect} knows no way from ${now.status} to ${target.status}.`);
    return path.length > 0 ? path : [target];
  }

  #isShown(task: Task, face: Face, view: ReferralView): boolean {
    const shown = structuredClone(task);
    showOnTask(shown, face, view, new Date(task.lastModified ?? 0));
    return JSON.stringify({ ...shown, lastModified: null }) === JSON.stringify({ ...task, lastModified: null });
  }

  async #showOnRequest(tx: Tx, view: ReferralView): Promise<void> {
    const status = ownRequestStatus(view.faceKey);
    const request = await this.store.read(tx, 'ServiceRequest', view.serviceRequestId);
    if (request.status === status) return;
    await this.store.amend(tx, 'ServiceRequest', view.serviceRequestId, (amended) => {
      amended.status = status;
    });
  }
}
