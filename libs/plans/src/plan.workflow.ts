import type { Machine, Refusal } from '@cairn/kernel';

/** States of a care plan: the codes of FHIR's request-status that Cairn uses. */
export const PLAN_STATES = ['draft', 'active', 'on-hold', 'completed', 'revoked', 'entered-in-error'] as const;
export type PlanState = (typeof PLAN_STATES)[number];

export const PLAN_EVENTS = ['activate', 'hold', 'resume', 'complete', 'revoke', 'void'] as const;
export type PlanEvent = (typeof PLAN_EVENTS)[number];

/** What the guards look at. */
export interface PlanFacts {
  /** Number of the plan's present wording: it grows with every edit. */
  readonly revision: number;
  /** The wording that the patient agreed to; absent while no agreement is recorded. */
  readonly agreedRevision?: number | undefined;
  /** Goals that are neither rejected, cancelled nor entered in error. */
  readonly goals: number;
  /** Whether a review of the plan has begun and is not finished. */
  readonly reviewInProgress: boolean;
}

const agreed = (facts: PlanFacts): Refusal | undefined => {
  if (facts.goals === 0) return { rule: 'plan.goal-needed', message: 'Add at least one goal that matters to the patient before the plan becomes active.' };
  if (facts.agreedRevision === undefined) {
    return { rule: 'plan.agreement-needed', message: "Record the patient's agreement before the plan becomes active." };
  }
  if (facts.agreedRevision !== facts.revision) {
    return { rule: 'plan.agreement-outdated', message: 'The plan was changed after the patient agreed to it. Record their agreement to the present wording.' };
  }
  return undefined;
};

const reviewFinished = (facts: PlanFacts): Refusal | undefined =>
  facts.reviewInProgress ? { rule: 'plan.review-in-progress', message: 'Finish the review that has begun before the plan ends or pauses.' } : undefined;

/**
 * The care plan's life. Codes as in FHIR R4 request-status; a plan becomes active only with the patient's agreement to its present
 * wording, and any plan can be marked as entered in error.
 */
export const planMachine: Machine<PlanState, PlanEvent, PlanFacts> = {
  name: 'plan',
  initial: 'draft',
  states: PLAN_STATES,
  events: PLAN_EVENTS,
  terminal: ['entered-in-error'],
  transitions: [
    { from: 'draft', event: 'activate', to: 'active', guard: agreed },
    { from: 'active', event: 'hold', to: 'on-hold', guard: reviewFinished },
    { from: 'on-hold', event: 'resume', to: 'active' },
    { from: 'active', event: 'complete', to: 'completed', guard: reviewFinished },
    { from: ['draft', 'active', 'on-hold'], event: 'revoke', to: 'revoked', guard: reviewFinished },
    { from: ['draft', 'active', 'on-hold', 'completed', 'revoked'], event: 'void', to: 'entered-in-error' },
  ],
};

/** Plans that somebody still works on. Each has an owner, a next action and a date. */
export const OPEN_PLAN_STATES = ['draft', 'active', 'on-hold'] as const satisfies readonly PlanState[];

/** Whether the plan's wording may be edited freely: only a draft's; an active plan changes through its reviews. */
export const isEditable = (state: PlanState): boolean => state === 'draft';
