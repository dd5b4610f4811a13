import type { Machine, Refusal } from '@cairn/kernel';

/** `due` holds from the moment a review is set: its date says when. `missed` is overdue past the days of grace, and can still be held. */
export const REVIEW_STATES = ['due', 'in-progress', 'missed', 'done', 'cancelled'] as const;
export type ReviewState = (typeof REVIEW_STATES)[number];

export const REVIEW_EVENTS = ['move', 'postpone', 'start', 'miss', 'complete', 'cancel'] as const;
export type ReviewEvent = (typeof REVIEW_EVENTS)[number];

/** What the guards look at. Instants as milliseconds since 1970. */
export interface ReviewFacts {
  readonly now: number;
  readonly dueAt: number;
  /** The latest date that the rule which set the review allows, days of grace included. */
  readonly graceUntil: number;
  /** Where the date is to change: the new one. */
  readonly newDueAt?: number;
  /** Where the review is to be completed: goals being sought on which it says nothing. */
  readonly goalsUnjudged?: number;
  /** And open activities of which it does not say what becomes of them. */
  readonly activitiesUndecided?: number;
}

const sooner = ({ newDueAt, dueAt }: ReviewFacts): Refusal | undefined =>
  newDueAt !== undefined && newDueAt < dueAt
    ? undefined
    : { rule: 'review.not-sooner', message: 'A rule or trigger only moves a review to an earlier date.' };

const withinGrace = ({ newDueAt, graceUntil, now }: ReviewFacts): Refusal | undefined => {
  if (newDueAt === undefined || newDueAt < now) return { rule: 'review.date-past', message: 'Choose a date that is still to come.' };
  if (newDueAt > graceUntil) {
    return { rule: 'review.past-grace', message: 'The rule that set this review allows no date so late. Choose an earlier one.' };
  }
  return undefined;
};

const overdue = ({ now, graceUntil }: ReviewFacts): Refusal | undefined =>
  now > graceUntil ? undefined : { rule: 'review.not-overdue', message: 'A review is missed only when its days of grace are over.' };

const complete = ({ goalsUnjudged = 0, activitiesUndecided = 0 }: ReviewFacts): Refusal | undefined => {
  if (goalsUnjudged > 0) return { rule: 'review.goals-unjudged', message: `Say how each goal that is being sought stands: ${goalsUnjudged} missing.` };
  if (activitiesUndecided > 0) {
    return { rule: 'review.activities-undecided', message: `Say of each open activity whether it continues, changes, is complete or stops: ${activitiesUndecided} missing.` };
  }
  return undefined;
};

/** A review of a care plan. Moved only to earlier dates by rules, within the rule's grace by a person; missed once the grace is over, which escalates. */
export const reviewMachine: Machine<ReviewState, ReviewEvent, ReviewFacts> = {
  name: 'review',
  initial: 'due',
  states: REVIEW_STATES,
  events: REVIEW_EVENTS,
  terminal: ['done', 'cancelled'],
  transitions: [
    { from: 'due', event: 'move', to: 'due', guard: sooner },
    { from: 'due', event: 'postpone', to: 'due', guard: withinGrace },
    { from: ['due', 'missed'], event: 'start', to: 'in-progress' },
    { from: 'due', event: 'miss', to: 'missed', guard: overdue },
    { from: 'in-progress', event: 'complete', to: 'done', guard: complete },
    { from: ['due', 'missed', 'in-progress'], event: 'cancel', to: 'cancelled' },
  ],
};

export const OPEN_REVIEW_STATES = ['due', 'in-progress', 'missed'] as const satisfies readonly ReviewState[];
