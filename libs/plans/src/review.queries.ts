import { Injectable } from '@nestjs/common';
import { invalid, notFound } from '@cairn/kernel';
import { Transactions, audit, type Scope } from '@cairn/platform';
import type { Page, ReviewListing } from './plan.acts.js';
import { PlanReview } from './plan-review.entity.js';
import { reviewSummaryOf, reviewViewOf, type ReviewView } from './plan-view.js';
import { Plan } from './plan.entity.js';
import { OPEN_REVIEW_STATES } from './review.workflow.js';

type ReviewSummary = ReturnType<typeof reviewSummaryOf>;

/** Most reviews of one plan that one answer holds. */
const MOST_REVIEWS = 200;

/** Reads reviews. Every look is audited. */
@Injectable()
export class ReviewQueries {
  constructor(private readonly transactions: Transactions) {}

  /** The worklist: reviews that are not over, soonest due first. Refuses a cursor that no page gave. */
  async worklist(scope: Scope, { patient, state, dueBefore, after, limit }: ReviewListing): Promise<Page<ReviewSummary>> {
    const place = after === undefined ? undefined : placeIn(after);
    return this.transactions.run(scope, async (tx) => {
      const rows = await tx.em.find(
        PlanReview,
        {
          clinicId: scope.clinicId,
          state: state ?? { $in: [...OPEN_REVIEW_STATES] },
          ...(patient ? { patientId: patient } : {}),
          ...(dueBefore ? { dueAt: { $lt: new Date(dueBefore) } } : {}),
          ...(place ? { $or: [{ dueAt: { $gt: place.dueAt } }, { dueAt: place.dueAt, id: { $gt: place.id } }] } : {}),
        },
        { orderBy: { dueAt: 'asc', id: 'asc' }, limit: limit + 1 },
      );
      const kept = rows.slice(0, limit);
      const last = rows.length > limit ? kept.at(-1) : undefined;
      await audit(tx, { action: 'read', what: 'plan.review-list', patients: [...new Set(kept.map(({ patientId }) => patientId))] });
      return { items: kept.map(reviewSummaryOf), ...(last ? { next: cursorOf(last) } : {}) };
    });
  }

  /** All reviews of a plan, oldest first. Refuses with `not-found`. */
  async ofPlan(scope: Scope, planId: string): Promise<{ items: ReviewView[] }> {
    return this.transactions.run(scope, async (tx) => {
      if ((await tx.em.count(Plan, { clinicId: scope.clinicId, id: planId })) === 0) throw notFound('The plan');
      const rows = await tx.em.find(PlanReview, { clinicId: scope.clinicId, planId }, { orderBy: { createdAt: 'asc', id: 'asc' }, limit: MOST_REVIEWS });
      await audit(tx, { action: 'read', what: 'plan.reviews', entities: [`CarePlan/${planId}`], patients: [...new Set(rows.map(({ patientId }) => patientId))] });
      return { items: rows.map((review) => reviewViewOf(scope, review, tx.clock.now())) };
    });
  }

  /** The review with what this actor may do now. Refuses with `not-found`. */
  async view(scope: Scope, id: string): Promise<ReviewView> {
    return this.transactions.run(scope, async (tx) => {
      const review = await tx.em.findOne(PlanReview, { clinicId: scope.clinicId, id });
      if (!review) throw notFound('The review');
      await audit(tx, { action: 'read', what: 'plan.review-read', entities: [`Task/${id}`], patients: [review.patientId] });
      return reviewViewOf(scope, review, tx.clock.now());
    });
  }
}

const cursorOf = ({ dueAt, id }: PlanReview): string => Buffer.from(`${dueAt.toISOString()} ${id}`).toString('base64url');

function placeIn(cursor: string): { dueAt: Date; id: string } {
  const [dueAt = '', id = ''] = Buffer.from(cursor, 'base64url').toString().split(' ');
  if (!/^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/.test(dueAt) || Number.isNaN(Date.parse(dueAt)) || !/^[0-9a-f-]{36}$/.test(id)) {
    throw invalid('The cursor is wrong.', { code: 'fields', issues: [{ path: 'after', message: 'must be the `next` of the page before' }] });
  }
  return { dueAt: new Date(dueAt), id };
}
