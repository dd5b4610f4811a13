import { Injectable } from '@nestjs/common';
import { conflict } from '@cairn/kernel';
import { atWallTime } from '@cairn/people';
import { Clinics, Transactions, expectVersion, type Scope, type Tx } from '@cairn/platform';
import type { Postponement } from './plan.acts.js';
import { REVIEW_MOVED } from './plan.events.js';
import { PlanRecords, type PlanRows } from './plan-records.service.js';
import type { PlanReview } from './plan-review.entity.js';
import { PlanSchedule, idsOf } from './plan-schedule.service.js';

/** What people do about reviews, but for completing them ({@link ReviewCompletion}). */
@Injectable()
export class PlanReviews {
  constructor(
    private readonly transactions: Transactions,
    private readonly records: PlanRecords,
    private readonly schedule: PlanSchedule,
    private readonly clinics: Clinics,
  ) {}

  /** Begins the review; a missed one ends its escalation by that. Refuses while the plan is not active, and a stale version. */
  async start(scope: Scope, id: string, readVersion: number | undefined): Promise<void> {
    await this.transactions.run(scope, async (tx) => {
      const { rows, review } = await this.lock(tx, id, readVersion);
      if (rows.plan.state !== 'active') throw conflict('Only a plan in force is reviewed.', { code: 'review.plan-not-active' });
      Object.assign(review, { startedAt: tx.clock.now(), heldBy: scope.actor.kind === 'person' ? scope.actor.name : scope.actor.id });
      Object.assign(rows.plan, { nextAction: 'Finish the review that has begun' });
      await this.schedule.transit(tx, rows, review, 'start', {}, null);
      await this.records.save(tx, rows, 'plan.review-start');
    });
  }

  /** Puts a review off, or brings it forward, to 09:00 of a day within the grace of its rule. */
  async postpone(scope: Scope, id: string, { dueOn, reason }: Postponement, readVersion: number | undefined): Promise<void> {
    await this.transactions.run(scope, async (tx) => {
      const { rows, review } = await this.lock(tx, id, readVersion);
      const { zone } = await this.clinics.get(scope.clinicId);
      const newDueAt = atWallTime(dueOn, '09:00', zone);
      await this.schedule.transit(tx, rows, review, 'postpone', { newDueAt: newDueAt.getTime() }, reason);
      Object.assign(review, { dueAt: newDueAt, toldAt: null });
      rows.plan.nextAt = newDueAt;
      await this.schedule.show(tx, review, rows.plan);
      await tx.emit(REVIEW_MOVED, idsOf(review));
      await this.records.save(tx, rows, 'plan.review-postpone', 'update', reason);
    });
  }

  /** Takes down that the patient reported a flare-up, and brings the review forward unless it is as early already. Refuses while the plan is not active. */
  async reportFlareUp(scope: Scope, planId: string, note: string): Promise<void> {
    await this.transactions.run(scope, async (tx) => {
      const rows = await this.records.lock(tx, planId);
      const { plan } = rows;
      if (plan.state !== 'active') throw conflict('Only a plan in force has a review to bring forward.', { code: 'review.plan-not-active' });
      this.records.log(tx, plan, { subject: 'plan', subjectId: planId, event: 'report-flare-up', from: plan.state, to: plan.state, why: note });
      await this.schedule.bringForward(tx, rows, 'flare-up');
      await this.records.save(tx, rows, 'plan.flare-up');
    });
  }

  /** The review with its plan, both locked. Refuses with `not-found`, and a stale version. */
  async lock(tx: Tx, id: string, readVersion: number | undefined): Promise<{ rows: PlanRows; review: PlanReview }> {
    const rows = await this.records.lock(tx, await this.records.planOf(tx, id));
    const review = await this.schedule.open(tx, rows.plan.id);
    if (review?.id !== id) throw conflict('The review is over.', { code: 'review.over' });
    expectVersion(readVersion, review.version);
    return { rows, review };
  }
}
