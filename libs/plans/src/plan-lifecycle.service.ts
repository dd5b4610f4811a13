import { Injectable } from '@nestjs/common';
import { conflict, invalid, nextState } from '@cairn/kernel';
import { Recommendations } from '@cairn/conferences';
import { Assessments, Trends } from '@cairn/outcomes';
import { atWallTime, daysAfter, daysBefore, localDay } from '@cairn/people';
import { Referrals } from '@cairn/referrals';
import { Clinics, Transactions, expectVersion, type Scope, type Tx } from '@cairn/platform';
import { QUESTIONNAIRE } from './cadence/cadence-table.js';
import type { Pause } from './plan.acts.js';
import { PLAN_ACTIVATED, PLAN_COMPLETED, PLAN_HELD, PLAN_RESUMED, PLAN_REVOKED, PLAN_VOIDED } from './plan.events.js';
import { PlanRecords, type PlanRows } from './plan-records.service.js';
import { PlanSchedule } from './plan-schedule.service.js';
import { PlanSteps } from './plan-steps.service.js';
import { factsOf } from './plan-view.js';
import { PlanWaiting } from './plan-waiting.service.js';
import { planMachine, type PlanEvent } from './plan.workflow.js';

const ENDINGS = { complete: PLAN_COMPLETED, revoke: PLAN_REVOKED, void: PLAN_VOIDED } as const;

/** Puts plans in force, pauses, resumes and ends them. Every act refuses a stale version, and what the plan's machine forbids. */
@Injectable()
export class PlanLifecycle {
  constructor(
    private readonly transactions: Transactions,
    private readonly records: PlanRecords,
    private readonly steps: PlanSteps,
    private readonly schedule: PlanSchedule,
    private readonly waiting: PlanWaiting,
    private readonly referrals: Referrals,
    private readonly recommendations: Recommendations,
    private readonly assessments: Assessments,
    private readonly trends: Trends,
    private readonly clinics: Clinics,
  ) {}

  /**
   * Puts the agreed draft in force: its goals are sought, its first review is set, the baseline and follow-up questionnaires are asked for,
   * what the conference recommended counts as done, and the referral moves to in-care where that is legal. Refuses a second plan in force
   * for the same patient.
   */
  async activate(scope: Scope, id: string, readVersion: number | undefined): Promise<void> {
    await this.transactions.run(scope, async (tx) => {
      const rows = await this.#begin(tx, id, readVersion);
      const { plan } = rows;
      await this.#transit(tx, rows, 'activate');
      await this.records.holdPatient(tx, plan.patientId);
      if (await this.records.lockInForce(tx, plan.patientId)) {
        throw conflict('The patient has a plan in force already. Change that one at its review, or end it first.', { code: 'plan.another-in-force' });
      }
      plan.activatedAt = tx.clock.now();
      for (const goal of rows.goals) if (goal.lifecycle === 'accepted') this.steps.goal(tx, rows, goal, 'start');
      await this.records.keepVersion(tx, rows, 'activation');
      await this.waiting.end(tx, rows);
      const review = await this.schedule.setNext(tx, rows);
      await this.#askForMeasures(tx, plan.patientId, review.dueAt);
      await this.#fulfil(tx, plan.recommendationIds);
      if (plan.referralId) await this.referrals.beginCare(tx, plan.referralId, 'The care plan is in force.');
      await this.records.save(tx, rows, 'plan.activate');
      await tx.emit(PLAN_ACTIVATED, { planId: id, patientId: plan.patientId, ...(plan.referralId ? { referralId: plan.referralId } : {}) });
    });
  }

  /** Pauses the plan until a day on which somebody decides how it goes on; its open review is cancelled. */
  async hold(scope: Scope, id: string, { reason, until }: Pause, readVersion: number | undefined): Promise<void> {
    await this.transactions.run(scope, async (tx) => {
      const rows = await this.#begin(tx, id, readVersion);
      const { zone } = await this.clinics.get(scope.clinicId);
      if (until <= localDay(tx.clock.now(), zone)) {
        throw invalid('The day is wrong.', { code: 'fields', issues: [{ path: 'until', message: 'must be a day to come: somebody will decide then how the plan goes on' }] });
      }
      await this.#transit(tx, rows, 'hold', reason);
      Object.assign(rows.plan, { holdReason: reason, nextAction: 'Decide whether the plan goes on', nextAt: atWallTime(until, '09:00', zone) });
      await this.schedule.cancel(tx, rows, reason);
      await this.records.save(tx, rows, 'plan.hold', 'update', reason);
      await this.#tell(tx, rows, PLAN_HELD);
    });
  }

  /** Lets a paused plan go on, and sets its next review from now. */
  async resume(scope: Scope, id: string, reason: string | null, readVersion: number | undefined): Promise<void> {
    await this.transactions.run(scope, async (tx) => {
      const rows = await this.#begin(tx, id, readVersion);
      await this.#transit(tx, rows, 'resume', reason);
      rows.plan.holdReason = null;
      await this.waiting.end(tx, rows);
      await this.schedule.setNext(tx, rows);
      await this.records.save(tx, rows, 'plan.resume');
      await this.#tell(tx, rows, PLAN_RESUMED);
    });
  }

  /** Ends the plan: completed, revoked, or void because it was entered in error. All that is open in it ends with it. */
  async end(scope: Scope, id: string, ending: 'complete' | 'revoke' | 'void', reason: string, readVersion: number | undefined): Promise<void> {
    await this.transactions.run(scope, async (tx) => {
      const rows = await this.#begin(tx, id, readVersion);
      await this.#transit(tx, rows, ending, reason);
      Object.assign(rows.plan, { holdReason: null, nextAction: null, nextAt: null, endedAt: tx.clock.now(), endReason: reason });
      this.steps.endAll(tx, rows, ending, reason);
      await this.schedule.cancel(tx, rows, reason);
      await this.waiting.end(tx, rows);
      await this.records.save(tx, rows, `plan.${ending}`, 'update', reason);
      await this.#tell(tx, rows, ENDINGS[ending]);
    });
  }

  async #begin(tx: Tx, id: string, readVersion: number | undefined): Promise<PlanRows> {
    const rows = await this.records.lock(tx, id);
    expectVersion(readVersion, rows.plan.version);
    return rows;
  }

  async #transit(tx: Tx, rows: PlanRows, event: PlanEvent, why: string | null = null): Promise<void> {
    const { plan } = rows;
    const from = plan.state;
    plan.state = nextState(planMachine, from, event, factsOf(rows, await this.schedule.open(tx, plan.id)));
    this.records.log(tx, plan, { subject: 'plan', subjectId: plan.id, event, from, to: plan.state, why });
  }

  /** What the conference recommended is done once the plan that carries it out is in force; one that lapsed meanwhile is back with the team. */
  async #fulfil(tx: Tx, recommendationIds: readonly string[]): Promise<void> {
    for (const id of recommendationIds) {
      const recommendation = await this.recommendations.get(tx, id);
      if (recommendation?.state === 'proposed' || recommendation?.state === 'accepted') await this.recommendations.complete(tx, id, 'Carried out by the care plan.');
    }
  }

  async #tell(tx: Tx, { plan }: PlanRows, event: string): Promise<void> {
    await tx.emit(event, { planId: plan.id, patientId: plan.patientId });
  }

  /** Asks for the questionnaire that sets the point of departure, where none is on record, and for one shortly before the review. */
  async #askForMeasures(tx: Tx, patientId: string, reviewAt: Date): Promise<void> {
    const { instrument, baselineWithinDays, daysBeforeReview } = QUESTIONNAIRE;
    const { zone } = await this.clinics.get(tx.scope.clinicId);
    const now = tx.clock.now();
    const baselineBy = daysAfter(now, baselineWithinDays, zone);
    const { baseline } = await this.trends.of(tx, patientId, instrument);
    if (!baseline) await this.assessments.request(tx, { patientId, instrument, occasion: 'baseline', reason: 'Baseline of the care plan', dueAt: baselineBy });
    const followUpBy = daysBefore(reviewAt, daysBeforeReview, zone);
    if (followUpBy > baselineBy) {
      await this.assessments.request(tx, { patientId, instrument, occasion: 'follow-up', reason: 'Before the review of the care plan', dueAt: followUpBy });
    }
  }
}
