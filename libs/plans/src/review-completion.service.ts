import { Injectable } from '@nestjs/common';
import { atWallTime, localDay } from '@cairn/people';
import { Clinics, Transactions, type Scope, type Tx } from '@cairn/platform';
import { isOpenActivity } from './activity.workflow.js';
import { contentOf } from './plan-content.js';
import { differenceOf, isSame } from './plan-difference.js';
import { PlanMedication } from './plan-medication.service.js';
import { PlanOutcomes } from './plan-outcomes.service.js';
import { PlanRecords } from './plan-records.service.js';
import { PlanReviews } from './plan-reviews.service.js';
import { PlanSchedule, idsOf } from './plan-schedule.service.js';
import type { Completion } from './plan.acts.js';
import type { Plan } from './plan.entity.js';
import { REVIEW_DONE } from './plan.events.js';
import { ReviewChanges } from './review-changes.service.js';
import type { ReviewResults } from './review-results.js';

/** Takes down what a review found and decided, changes the plan accordingly, and sets the next date. */
@Injectable()
export class ReviewCompletion {
  constructor(
    private readonly transactions: Transactions,
    private readonly records: PlanRecords,
    private readonly reviews: PlanReviews,
    private readonly schedule: PlanSchedule,
    private readonly changes: ReviewChanges,
    private readonly outcomes: PlanOutcomes,
    private readonly medication: PlanMedication,
    private readonly clinics: Clinics,
  ) {}

  /**
   * Completes a review that has begun. Each goal being sought must be judged and each open activity decided on. A setback, of a goal or of a
   * measure, opens a problem-solving step. The next review is set by the rules, or earlier where a day is named. Refuses a stale version.
   */
  async complete(scope: Scope, id: string, body: Completion, readVersion: number | undefined): Promise<void> {
    await this.transactions.run(scope, async (tx) => {
      const { rows, review } = await this.reviews.lock(tx, id, readVersion);
      const { plan } = rows;
      const { zone } = await this.clinics.get(scope.clinicId);
      const before = contentOf(plan, rows.goals, rows.activities);
      const missing = { goalsUnjudged: unnamed(rows.goals.filter(({ lifecycle }) => lifecycle === 'active'), body.goals.map(({ goalId }) => goalId)), activitiesUndecided: unnamed(rows.activities.filter(({ status }) => isOpenActivity(status)), body.activities.map(({ activityId }) => activityId)) };
      const outcomes = await this.outcomes.of(tx, plan.patientId);
      this.changes.judgeGoals(tx, rows, body.goals, localDay(tx.clock.now(), zone));
      this.changes.decideActivities(tx, rows, body.activities);
      this.changes.addParts(tx, rows, body);
      const problemSolving = this.changes.solveProblems(tx, rows, body.goals, outcomes, zone);
      const difference = differenceOf(before, contentOf(plan, rows.goals, rows.activities));
      this.#agree(tx, plan, body.agreement, !isSame(difference));
      if (!isSame(difference)) await this.records.keepVersion(tx, rows, 'review');
      review.results = {
        goals: body.goals.map(({ goalId, achievement, then, value, note }) => ({ goalId, achievement, then, value, note })),
        activities: body.activities.map(({ activityId, decision, why }) => ({ activityId, decision, why })),
        outcomes,
        medication: await this.#medication(tx, plan.patientId),
        summary: body.summary,
        nextStep: body.nextStep,
        problemSolving,
        difference,
        revision: plan.revision,
      };
      await this.schedule.transit(tx, rows, review, 'complete', missing, null);
      await this.schedule.setNext(tx, rows, body.nextReviewOn ? atWallTime(body.nextReviewOn, '09:00', zone) : undefined);
      await this.records.save(tx, rows, 'plan.review-complete');
      await tx.emit(REVIEW_DONE, idsOf(review));
    });
  }

  /** The review is held together with the patient: what it changes is agreed there. */
  #agree(tx: Tx, plan: Plan, { by, how }: Completion['agreement'], changed: boolean): void {
    const { actor } = tx.scope;
    const revision = changed ? plan.revision + 1 : plan.revision;
    Object.assign(plan, {
      revision,
      agreedRevision: revision,
      agreedAt: tx.clock.now(),
      agreedBy: by,
      agreedHow: how,
      agreementNote: null,
      agreementRecordedBy: actor.kind === 'person' ? actor.name : actor.id,
    });
  }

  async #medication(tx: Tx, patientId: string): Promise<ReviewResults['medication']> {
    const { mme, tableVersion, opioids, benzodiazepines, unidentified } = (await this.medication.of(tx, patientId)).safety;
    return { mme, tableVersion, opioids: opioids.length, benzodiazepines: benzodiazepines.length, unidentified: unidentified.length };
  }
}

const unnamed = (rows: readonly { id: string }[], named: readonly string[]): number => rows.filter(({ id }) => !named.includes(id)).length;
