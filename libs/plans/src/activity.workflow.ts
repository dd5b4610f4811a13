import type { Machine, Refusal } from '@cairn/kernel';

/** FHIR R4 care-plan-activity-status. */
export const ACTIVITY_STATES = ['not-started', 'scheduled', 'in-progress', 'on-hold', 'completed', 'cancelled', 'stopped', 'unknown', 'entered-in-error'] as const;
export type ActivityState = (typeof ACTIVITY_STATES)[number];

export const ACTIVITY_EVENTS = ['schedule', 'start', 'hold', 'resume', 'complete', 'cancel', 'stop', 'lose-sight', 'void'] as const;
export type ActivityEvent = (typeof ACTIVITY_EVENTS)[number];

/** What is known of the plan when one of its activities moves. */
export interface ActivityFacts {
  /** Whether the plan is active: work on a draft or a paused plan does not begin. */
  readonly planActive: boolean;
  /** Whether a reason was given. */
  readonly reason: boolean;
}

const underWay = (facts: ActivityFacts): Refusal | undefined =>
  facts.planActive ? undefined : { rule: 'activity.plan-not-active', message: 'Work on an activity begins and goes on while its plan is active.' };

const because = (facts: ActivityFacts): Refusal | undefined =>
  facts.reason ? undefined : { rule: 'activity.reason-needed', message: 'Say why, so that the next person need not guess.' };

/**
 * An activity's life in FHIR's codes. What never began is cancelled, what began is stopped. `unknown` is for work by others of which
 * nobody here knows how it stands: it is left as soon as somebody does.
 */
export const activityMachine: Machine<ActivityState, ActivityEvent, ActivityFacts> = {
  name: 'activity',
  initial: 'not-started',
  states: ACTIVITY_STATES,
  events: ACTIVITY_EVENTS,
  terminal: ['entered-in-error'],
  transitions: [
    { from: ['not-started', 'unknown'], event: 'schedule', to: 'scheduled', guard: underWay },
    { from: ['not-started', 'scheduled', 'unknown'], event: 'start', to: 'in-progress', guard: underWay },
    { from: ['scheduled', 'in-progress'], event: 'hold', to: 'on-hold', guard: because },
    { from: 'on-hold', event: 'resume', to: 'in-progress', guard: underWay },
    { from: ['scheduled', 'in-progress', 'unknown'], event: 'complete', to: 'completed', guard: underWay },
    { from: ['not-started', 'scheduled', 'unknown'], event: 'cancel', to: 'cancelled', guard: because },
    { from: ['in-progress', 'on-hold', 'unknown'], event: 'stop', to: 'stopped', guard: because },
    { from: ['scheduled', 'in-progress', 'on-hold'], event: 'lose-sight', to: 'unknown', guard: because },
    {
      from: ['not-started', 'scheduled', 'in-progress', 'on-hold', 'completed', 'cancelled', 'stopped', 'unknown'],
      event: 'void',
      to: 'entered-in-error',
      guard: because,
    },
  ],
};

const OPEN = ['not-started', 'scheduled', 'in-progress', 'on-hold', 'unknown'] as const satisfies readonly ActivityState[];
/** Whether somebody still has to do something about it. */
export const isOpenActivity = (state: ActivityState): boolean => (OPEN as readonly ActivityState[]).includes(state);

/** The event that ends an activity for good: what never began is cancelled, what began is stopped. */
export const endOf = (state: ActivityState): 'cancel' | 'stop' => (state === 'not-started' || state === 'scheduled' ? 'cancel' : 'stop');
