import { Injectable } from '@nestjs/common';
import { LockMode } from '@mikro-orm/postgresql';
import { conflict, decide, invalid, newId, nextState } from '@cairn/kernel';
import { localDay } from '@cairn/people';
import { Clinics, type Tx } from '@cairn/platform';
import { chosenDate, reviewDates, triggeredDate, type ReviewDate } from './cadence/cadence.js';
import type { TriggerId } from './cadence/cadence-table.js';
import { opioidChange } from './cadence/opioid-change.js';
import type { MmeTotal } from './medication/opioid-dose.js';
import { PlanMedication } from './plan-medication.service.js';
import { PlanRecords, type PlanRows } from './plan-records.service.js';
import { PlanReview } from './plan-review.entity.js';
import { REVIEW_CANCELLED, REVIEW_MOVED, REVIEW_SET } from './plan.events.js';
import { escalationTask, reviewTask } from './review.fhir.js';
import { OPEN_REVIEW_STATES, reviewMachine, type ReviewEvent, type ReviewFacts } from './review.workflow.js';

const HOLD_REVIEW = 'Hold the review of the plan';

/** Sets, moves and cancels the dates of reviews. The plan's row must be locked. */
@Injectable()
export class PlanSchedule {
  constructor(
    private readonly records: PlanRecords,
    private readonly medication: PlanMedication,
    private readonly clinics: Clinics,
  ) {}

  /** The review that is not over, locked; undefined when there is none. */
  async open(tx: Tx, planId: string): Promise<PlanReview | undefined> {
    const review = await tx.em.findOne(
      PlanReview,
      { clinicId: tx.scope.clinicId, planId, state: { $in: [...OPEN_REVIEW_STATES] } },
      { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true },
    );
    return review ?? undefined;
  }

  /**
   * Sets the plan's next review by the shortest rule that applies from now on, or at `wish`, and makes it the plan's next action. Refuses
   * a wish in the past or later than the rule allows.
   */
  async setNext(tx: Tx, rows: PlanRows, wish?: Date): Promise<PlanReview> {
    const now = tx.clock.now();
    const { dates, mme } = await this.#dates(tx, rows, now);
    const chosen = wish ? await this.#choose(tx, wish, dates[0]) : dates[0];
    const review = tx.em.create(PlanReview, {
      clinicId: tx.scope.clinicId,
      id: newId(),
      planId: rows.plan.id,
      patientId: rows.plan.patientId,
      state: reviewMachine.initial,
      ...dateColumns(chosen),
      mme,
      toldAt: null,
      escalationTaskId: null,
      startedAt: null,
      endedAt: null,
      heldBy: null,
      results: null,
      createdAt: now,
      version: 1,
    });
    Object.assign(rows.plan, { nextAction: HOLD_REVIEW, nextAt: review.dueAt });
    await this.keep(tx, rows, review, { event: 'set', from: null, why: chosen.because });
    await tx.emit(REVIEW_SET, idsOf(review));
    return review;
  }

  /** Applies the rules again to what is known now, and moves the review when one of them asks for an earlier date. */
  async reconsider(tx: Tx, rows: PlanRows): Promise<void> {
    const review = await this.open(tx, rows.plan.id);
    if (!review || rows.plan.state !== 'active') return;
    const { dates, mme } = await this.#dates(tx, rows, review.createdAt, review.mme);
    review.mme = mme;
    await this.#moveTo(tx, rows, review, dates[0]);
  }

  /**
   * Brings the open review forward because of a trigger that happened now. Returns the rule that moved it, or undefined when the review is
   * as early already, under way or overdue.
   */
  async bringForward(tx: Tx, rows: PlanRows, trigger: TriggerId): Promise<ReviewDate | undefined> {
    const review = await this.open(tx, rows.plan.id);
    if (!review || rows.plan.state !== 'active') return undefined;
    const { zone } = await this.clinics.get(tx.scope.clinicId);
    return this.#moveTo(tx, rows, review, triggeredDate(trigger, tx.clock.now(), zone));
  }

  /** Cancels the open review, because the plan pauses or ends. */
  async cancel(tx: Tx, rows: PlanRows, why: string): Promise<void> {
    const review = await this.open(tx, rows.plan.id);
    if (!review) return;
    await this.transit(tx, rows, review, 'cancel', {}, why);
    await tx.emit(REVIEW_CANCELLED, idsOf(review));
  }

  /** Takes the review through its machine and writes it down. Refuses with the rule that forbids it. */
  async transit(tx: Tx, rows: PlanRows, review: PlanReview, event: ReviewEvent, facts: Partial<ReviewFacts>, why: string | null): Promise<void> {
    const now = tx.clock.now();
    const from = review.state;
    review.state = nextState(reviewMachine, from, event, { ...clockFacts(review, now), ...facts });
    if (review.state === 'cancelled' || review.state === 'done') review.endedAt = now;
    await this.keep(tx, rows, review, { event, from, why });
    if (from === 'missed') await this.#endEscalation(tx, rows, review, now);
  }

  /** Writes the step into the log, and the review with its face. */
  async keep(tx: Tx, { plan }: PlanRows, review: PlanReview, step: { event: string; from: string | null; why: string | null }): Promise<void> {
    this.records.log(tx, plan, { subject: 'review', subjectId: review.id, to: review.state, ...step });
    await this.show(tx, review, plan);
  }

  /** Writes the review's face. */
  async show(tx: Tx, review: PlanReview, plan: PlanRows['plan']): Promise<void> {
    await tx.flush();
    await this.records.put(tx, reviewTask(review, plan, tx.clock.now()));
  }

  async #moveTo(tx: Tx, rows: PlanRows, review: PlanReview, date: ReviewDate): Promise<ReviewDate | undefined> {
    const facts = { ...clockFacts(review, tx.clock.now()), newDueAt: date.dueAt.getTime() };
    if (!decide(reviewMachine, review.state, 'move', facts).ok) return undefined;
    Object.assign(review, { ...dateColumns(date), toldAt: null });
    rows.plan.nextAt = date.dueAt;
    await this.keep(tx, rows, review, { event: 'move', from: review.state, why: date.because });
    await tx.emit(REVIEW_MOVED, idsOf(review));
    return date;
  }

  async #dates(tx: Tx, { plan, activities }: PlanRows, from: Date, before?: MmeTotal): Promise<{ dates: [ReviewDate, ...ReviewDate[]]; mme: MmeTotal }> {
    const now = tx.clock.now();
    const { zone } = await this.clinics.get(tx.scope.clinicId);
    const { safety, opioidsAuthored } = await this.medication.of(tx, plan.patientId);
    const [last] = await tx.em.find(PlanReview, { clinicId: tx.scope.clinicId, planId: plan.id, state: 'done' }, { orderBy: { endedAt: 'desc' }, limit: 1 });
    const earlier = before ?? last?.mme;
    const change = opioidChange({ now, zone, safety, authored: opioidsAuthored, ...(earlier ? { before: earlier } : {}) });
    const procedures = activities.flatMap(({ discipline, status, doneAt }) => (discipline === 'interventional' && status === 'completed' && doneAt ? [doneAt] : []));
    const procedureAt = procedures.sort((one, other) => other.getTime() - one.getTime())[0];
    const dates = reviewDates({
      from,
      zone,
      safety,
      ...(change ? { opioidChange: change } : {}),
      ...(procedureAt ? { procedureAt } : {}),
      ...(last?.endedAt ? { lastReviewAt: last.endedAt } : {}),
    });
    return { dates, mme: safety.mme };
  }

  async #choose(tx: Tx, wish: Date, latest: ReviewDate): Promise<ReviewDate> {
    const { zone } = await this.clinics.get(tx.scope.clinicId);
    if (wish <= tx.clock.now()) throw invalid('The date of the next review is wrong.', { code: 'fields', issues: [{ path: 'nextReviewOn', message: 'must be a day to come' }] });
    if (wish > latest.dueAt) {
      throw conflict(`The next review can be no later than ${localDay(latest.dueAt, zone)}: ${latest.because}.`, { code: 'review.later-than-rule' });
    }
    return chosenDate(wish, latest, zone);
  }

  async #endEscalation(tx: Tx, { plan }: PlanRows, review: PlanReview, now: Date): Promise<void> {
    if (!review.escalationTaskId) return;
    const status = review.state === 'cancelled' ? 'cancelled' : 'completed';
    await this.records.put(tx, missedTask(review, plan, now, status));
  }
}

/** The Task that asks a coordinator to get a missed review held. */
export const missedTask = (review: PlanReview, plan: PlanRows['plan'], now: Date, status: 'requested' | 'completed' | 'cancelled') =>
  escalationTask({
    id: review.escalationTaskId ?? review.id,
    plan,
    code: 'plan-review-missed',
    text: 'A plan review was not held in its days of grace',
    focus: `Task/${review.id}`,
    askedAt: review.graceUntil,
    changedAt: now,
    status,
  });

const clockFacts = ({ dueAt, graceUntil }: PlanReview, now: Date): ReviewFacts => ({ now: now.getTime(), dueAt: dueAt.getTime(), graceUntil: graceUntil.getTime() });

export const idsOf = ({ id, planId, patientId }: PlanReview): { planId: string; reviewId: string; patientId: string } => ({ planId, reviewId: id, patientId });

const dateColumns = ({ dueAt, graceUntil, rule, because, tableVersion }: ReviewDate): Pick<PlanReview, 'dueAt' | 'graceUntil' | 'rule' | 'because' | 'tableVersion'> => ({
  dueAt, graceUntil, rule, because, tableVersion,
});
