import type { Machine, Refusal } from '@cairn/kernel';

/** FHIR R4 goal-status. */
export const GOAL_STATES = ['proposed', 'planned', 'accepted', 'active', 'on-hold', 'completed', 'cancelled', 'entered-in-error', 'rejected'] as const;
export type GoalState = (typeof GOAL_STATES)[number];

export const GOAL_EVENTS = ['plan', 'accept', 'reconsider', 'start', 'hold', 'resume', 'complete', 'cancel', 'reject', 'void'] as const;
export type GoalEvent = (typeof GOAL_EVENTS)[number];

/**
 * A goal's lifecycle in FHIR's codes. The patient's agreement to the plan accepts its goals; an edit of the draft afterwards puts them
 * back to proposed; activation of the plan starts them.
 */
export const goalMachine: Machine<GoalState, GoalEvent, object> = {
  name: 'goal',
  initial: 'proposed',
  states: GOAL_STATES,
  events: GOAL_EVENTS,
  terminal: ['entered-in-error'],
  transitions: [
    { from: 'proposed', event: 'plan', to: 'planned' },
    { from: ['proposed', 'planned'], event: 'accept', to: 'accepted' },
    { from: ['planned', 'accepted'], event: 'reconsider', to: 'proposed' },
    { from: 'accepted', event: 'start', to: 'active' },
    { from: 'active', event: 'hold', to: 'on-hold' },
    { from: 'on-hold', event: 'resume', to: 'active' },
    { from: 'active', event: 'complete', to: 'completed' },
    { from: ['proposed', 'planned', 'accepted', 'active', 'on-hold'], event: 'cancel', to: 'cancelled' },
    { from: ['proposed', 'planned'], event: 'reject', to: 'rejected' },
    { from: ['proposed', 'planned', 'accepted', 'active', 'on-hold', 'completed', 'cancelled', 'rejected'], event: 'void', to: 'entered-in-error' },
  ],
};

/** Goals that still count: sought now, or about to be. */
const LIVE_GOAL_STATES = ['proposed', 'planned', 'accepted', 'active', 'on-hold'] as const satisfies readonly GoalState[];
export const isLiveGoal = (state: GoalState): boolean => (LIVE_GOAL_STATES as readonly GoalState[]).includes(state);

/** FHIR R4 goal-achievement. */
export const ACHIEVEMENTS = [
  'in-progress', 'improving', 'worsening', 'no-change', 'achieved', 'sustaining', 'not-achieved', 'no-progress', 'not-attainable',
] as const;
export type Achievement = (typeof ACHIEVEMENTS)[number];

export const ACHIEVEMENT_EVENTS = ['seek', 'improve', 'worsen', 'stay', 'achieve', 'sustain', 'miss', 'stall', 'give-up'] as const;
export type AchievementEvent = (typeof ACHIEVEMENT_EVENTS)[number];

/** What is known of the goal when its achievement is judged. */
export interface AchievementFacts {
  readonly lifecycle: GoalState;
}

const sought = (facts: AchievementFacts): Refusal | undefined =>
  facts.lifecycle === 'active' || facts.lifecycle === 'on-hold'
    ? undefined
    : { rule: 'goal.not-sought', message: 'Progress is recorded on goals that are being sought; this one is not active.' };

const SEEKING = ['in-progress', 'improving', 'worsening', 'no-change'] as const;
const MISSED = ['not-achieved', 'no-progress', 'not-attainable'] as const;
const REACHED = ['achieved', 'sustaining'] as const;
const ANY = [...SEEKING, ...REACHED, ...MISSED] as const;

/**
 * What a review finds about a goal, in FHIR's codes and their hierarchy: seeking (improving, worsening, no-change), achieved (sustaining),
 * not achieved (no-progress, not-attainable). Every finding may be revised by a later one, for progress also goes backwards; only
 * `sustaining` needs that the goal was reached before, and a goal judged not attainable must be sought anew before it can be anything else.
 */
export const achievementMachine: Machine<Achievement, AchievementEvent, AchievementFacts> = {
  name: 'achievement',
  initial: 'in-progress',
  states: ACHIEVEMENTS,
  events: ACHIEVEMENT_EVENTS,
  terminal: [],
  transitions: [
    { from: ANY, event: 'seek', to: 'in-progress', guard: sought },
    { from: [...SEEKING, ...REACHED, 'not-achieved', 'no-progress'], event: 'improve', to: 'improving', guard: sought },
    { from: [...SEEKING, ...REACHED, 'not-achieved', 'no-progress'], event: 'worsen', to: 'worsening', guard: sought },
    { from: [...SEEKING, 'not-achieved', 'no-progress'], event: 'stay', to: 'no-change', guard: sought },
    { from: [...SEEKING, ...REACHED, 'not-achieved', 'no-progress'], event: 'achieve', to: 'achieved', guard: sought },
    { from: REACHED, event: 'sustain', to: 'sustaining', guard: sought },
    { from: [...SEEKING, 'not-achieved', 'no-progress'], event: 'miss', to: 'not-achieved', guard: sought },
    { from: [...SEEKING, 'not-achieved', 'no-progress'], event: 'stall', to: 'no-progress', guard: sought },
    { from: ANY, event: 'give-up', to: 'not-attainable', guard: sought },
  ],
};

/** The event that records each finding. */
export const FINDING: Record<Achievement, AchievementEvent> = {
  'in-progress': 'seek',
  improving: 'improve',
  worsening: 'worsen',
  'no-change': 'stay',
  achieved: 'achieve',
  sustaining: 'sustain',
  'not-achieved': 'miss',
  'no-progress': 'stall',
  'not-attainable': 'give-up',
};

/** Findings that ask for a problem-solving step, never for blame or discharge. */
const SETBACKS = ['worsening', 'no-progress', 'not-achieved', 'not-attainable'] as const satisfies readonly Achievement[];
export const isSetback = (achievement: Achievement): boolean => (SETBACKS as readonly Achievement[]).includes(achievement);
