import { Injectable } from '@nestjs/common';
import { LockMode } from '@mikro-orm/postgresql';
import { CairnError } from '@cairn/kernel';
import type { Tx } from '@cairn/platform';
import type { Outcome } from './referral.acts.js';
import { ReferralCare } from './referral-care.service.js';
import { ReferralClosing } from './referral-closing.service.js';
import { Referral } from './referral.entity.js';
import { ReferralDecisions } from './referral-decisions.service.js';
import type { Pathway, Urgency } from './referral.settings.js';
import type { ReferralState } from './referral.workflow.js';

/** A referral as other features know it. */
export interface ReferralFacts {
  readonly id: string;
  readonly patientId: string;
  readonly serviceRequestId: string;
  readonly taskId: string;
  /** The connection it came by; null where none did. */
  readonly connectionId: string | null;
  readonly state: ReferralState;
  readonly urgency: Urgency;
  readonly pathway: Pathway | null;
  /** Nothing remains to be done. */
  readonly settled: boolean;
}

/** Referrals for the features that build on them, inside their own transactions. */
@Injectable()
export class Referrals {
  constructor(
    private readonly decisions: ReferralDecisions,
    private readonly care: ReferralCare,
    private readonly closing: ReferralClosing,
  ) {}

  /** The referral, or undefined when there is none. */
  async get(tx: Tx, id: string): Promise<ReferralFacts | undefined> {
    const referral = await tx.em.findOne(Referral, { clinicId: tx.scope.clinicId, id });
    return referral ? factsOf(referral) : undefined;
  }

  /** The referral whose Task this is. */
  async byTask(tx: Tx, taskId: string): Promise<ReferralFacts | undefined> {
    const referral = await tx.em.findOne(Referral, { clinicId: tx.scope.clinicId, taskId });
    return referral ? factsOf(referral) : undefined;
  }

  /** The referral that rests on this request. */
  async byServiceRequest(tx: Tx, serviceRequestId: string): Promise<ReferralFacts | undefined> {
    const [row] = await tx.query<{ referral_id: string }>(`select referral_id from referral_key where clinic_id = $1 and key = $2`, [tx.scope.clinicId, `ServiceRequest/${serviceRequestId}`]);
    return row && this.get(tx, row.referral_id);
  }

  /**
   * Care has begun, because a plan was activated, say. Returns whether the referral moved to in-care: false where it is there already, or where its state keeps
   * it back (a patient who must be booked anew, a cancellation that waits); such a referral keeps its own next action.
   */
  async beginCare(tx: Tx, id: string, why: string): Promise<boolean> {
    const referral = await this.decisions.lock(tx, id);
    if (referral.state === 'in-care') return false;
    try {
      await this.care.beginIn(tx, referral, { comment: why, as: 'cairn' });
      return true;
    } catch (error) {
      if (error instanceof CairnError && error.code.startsWith('referral.')) return false;
      throw error;
    }
  }

  /** The patient is to take part in a programme: their open referrals bear its name, unless a person said another. */
  async inProgramme(tx: Tx, patientId: string, programme: string): Promise<void> {
    const open = await tx.em.find(Referral, { clinicId: tx.scope.clinicId, patientId, settledAt: null, routingChosen: false }, { lockMode: LockMode.PESSIMISTIC_WRITE, orderBy: { id: 'asc' }, limit: 20 });
    for (const referral of open) referral.programme = programme;
    await tx.flush();
  }

  /** Closes the referral with its outcome, which wins over a cancellation that waits. Refuses with a conflict where the workflow does. */
  async recordOutcome(tx: Tx, id: string, outcome: Outcome): Promise<void> {
    await this.closing.closeIn(tx, await this.decisions.lock(tx, id), outcome, 'cairn');
  }
}

const factsOf = (referral: Referral): ReferralFacts => ({
  id: referral.id,
  patientId: referral.patientId,
  serviceRequestId: referral.serviceRequestId,
  taskId: referral.taskId,
  connectionId: referral.connectionId ?? null,
  state: referral.state,
  urgency: referral.urgency,
  pathway: referral.pathway ?? null,
  settled: Boolean(referral.settledAt),
});
