import { availableEvents } from '@cairn/kernel';
import { may, type Right, type Scope } from '@cairn/platform';
import type { PlanRows } from './plan-records.service.js';
import type { PlanReview } from './plan-review.entity.js';
import { isLiveGoal } from './goal.workflow.js';
import { isEditable, planMachine, type PlanEvent, type PlanFacts, type PlanState } from './plan.workflow.js';
import { OPEN_REVIEW_STATES, reviewMachine, type ReviewEvent } from './review.workflow.js';

/** What the other features may know of a plan. */
export interface PlanSummary {
  readonly id: string;
  readonly patientId: string;
  readonly referralId: string | null;
  readonly state: PlanState;
  readonly title: string;
  readonly owner: { readonly practitionerId: string | null; readonly name: string };
  /** What happens next, and by when; null only when the plan is over. */
  readonly nextAction: string | null;
  readonly nextAt: Date | null;
  readonly version: number;
}

/** The acts of the machine, as resources of a plan, and the right that each needs. */
const ACTS: Record<PlanEvent, { readonly act: string; readonly right: Right }> = {
  activate: { act: 'activation', right: 'plan.activate' },
  hold: { act: 'hold', right: 'plan.write' },
  resume: { act: 'resumption', right: 'plan.activate' },
  complete: { act: 'completion', right: 'plan.activate' },
  revoke: { act: 'revocation', right: 'plan.activate' },
  void: { act: 'entry-in-error', right: 'plan.activate' },
};

/** The facts that the plan's guards look at. */
export const factsOf = ({ plan, goals }: PlanRows, review: PlanReview | undefined): PlanFacts => ({
  revision: plan.revision,
  agreedRevision: plan.agreedRevision ?? undefined,
  goals: goals.filter(({ lifecycle }) => isLiveGoal(lifecycle)).length,
  reviewInProgress: review?.state === 'in-progress',
});

export const summaryOf = ({ plan }: Pick<PlanRows, 'plan'>): PlanSummary => ({
  id: plan.id,
  patientId: plan.patientId,
  referralId: plan.referralId,
  state: plan.state,
  title: plan.title,
  owner: { practitionerId: plan.ownerPractitionerId, name: plan.ownerName },
  nextAction: plan.nextAction,
  nextAt: plan.nextAt,
  version: plan.version,
});

/** A plan as people read it. */
export type PlanView = ReturnType<typeof viewOf>;

/** The whole plan, with what this actor may do with it now. */
export const viewOf = (scope: Scope, rows: PlanRows, review: PlanReview | undefined) => {
  const { plan, goals, activities } = rows;
  return {
    ...summaryOf(rows),
    summary: plan.summary,
    recommendationIds: plan.recommendationIds,
    revision: plan.revision,
    agreement:
      plan.agreedAt === null
        ? null
        : { by: plan.agreedBy, how: plan.agreedHow, at: plan.agreedAt, note: plan.agreementNote, recordedBy: plan.agreementRecordedBy, toPresentWording: plan.agreedRevision === plan.revision },
    holdReason: plan.holdReason,
    activatedAt: plan.activatedAt,
    endedAt: plan.endedAt,
    endReason: plan.endReason,
    goals: goals.map(({ id, description, measure, measureLoinc, targetValue, targetUnit, dueDate, milestones, lifecycle, achievement }) => ({
      id, description, measure, measureLoinc,
      target: targetValue === null || targetUnit === null ? null : { value: targetValue, unit: targetUnit },
      dueDate, milestones, lifecycle, achievement,
    })),
    activities: activities.map(({ id, kind, discipline, description, ownedByPatient, ownerPractitionerId, ownerName, cadence, dueDate, goalIds, recommendationId, reference, status, statusReason, doneAt }) => ({
      id, kind, discipline, description,
      owner: ownedByPatient ? 'patient' : { practitionerId: ownerPractitionerId, name: ownerName },
      cadence, dueDate, goalIds, recommendationId, reference, status, statusReason, doneAt,
    })),
    review: review ? reviewSummaryOf(review) : null,
    availableActions: planActions(scope, rows, review),
  };
};

function planActions(scope: Scope, rows: PlanRows, review: PlanReview | undefined): string[] {
  const { state } = rows.plan;
  const acts = availableEvents(planMachine, state, factsOf(rows, review)).map((event) => ACTS[event]);
  const drafting = isEditable(state) ? (['wording', 'agreement'] as const).map((act) => ({ act, right: 'plan.write' as const })) : [];
  const reporting = state === 'active' && review?.state === 'due' ? [{ act: 'flare-ups', right: 'plan.write' as const }] : [];
  return [...drafting, ...acts, ...reporting].filter(({ right }) => may(scope.actor, right)).map(({ act }) => act);
}

/** A review in a list. */
export const reviewSummaryOf = ({ id, planId, patientId, state, dueAt, graceUntil, rule, because, tableVersion, version }: PlanReview) => ({
  id, planId, patientId, state, dueAt, graceUntil, rule, because, tableVersion, version,
});

const REVIEW_ACTS: Partial<Record<ReviewEvent, string>> = { postpone: 'postponement', start: 'start', complete: 'completion' };

/** A review as people read it. */
export type ReviewView = ReturnType<typeof reviewViewOf>;

/** The whole review, with what this actor may do with it now. */
export const reviewViewOf = (scope: Scope, review: PlanReview, now: Date) => {
  const facts = { now: now.getTime(), dueAt: review.dueAt.getTime(), graceUntil: review.graceUntil.getTime(), newDueAt: Math.min(now.getTime() + 1, review.graceUntil.getTime()) };
  const open = (OPEN_REVIEW_STATES as readonly string[]).includes(review.state);
  return {
    ...reviewSummaryOf(review),
    startedAt: review.startedAt,
    endedAt: review.endedAt,
    heldBy: review.heldBy,
    results: review.results,
    availableActions: open && may(scope.actor, 'plan.write') ? availableEvents(reviewMachine, review.state, facts).flatMap((event) => REVIEW_ACTS[event] ?? []) : [],
  };
};
