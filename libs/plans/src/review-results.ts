import type { Achievement } from './goal.workflow.js';
import type { MedicationSafety } from './medication/medication-safety.js';
import type { PlanDifference } from './plan-difference.js';

/** What becomes of an activity at a review. */
export const ACTIVITY_DECISIONS = ['continue', 'change', 'complete', 'stop'] as const;
export type ActivityDecision = (typeof ACTIVITY_DECISIONS)[number];

/** What becomes of a goal at a review. */
export const GOAL_DECISIONS = ['continue', 'hold', 'resume', 'complete', 'cancel'] as const;
export type GoalDecision = (typeof GOAL_DECISIONS)[number];

interface GoalFinding {
  readonly goalId: string;
  readonly achievement: Achievement;
  readonly then: GoalDecision;
  /** What was measured, in the unit of the goal's target. */
  readonly value: number | null;
  readonly note: string | null;
}

interface ActivityFinding {
  readonly activityId: string;
  readonly decision: ActivityDecision;
  readonly why: string | null;
}

/** How a measure stands against its baseline. Scores are decimals as text. */
export interface OutcomeFinding {
  readonly instrument: string;
  readonly baseline: { readonly score: string; readonly answeredAt: string } | null;
  readonly latest: { readonly score: string; readonly answeredAt: string } | null;
  /** Null when there is nothing to compare yet. */
  readonly trend: 'improved' | 'unchanged' | 'worse' | null;
  readonly points: string | null;
  /** The rule that decided, in words. */
  readonly rule: string | null;
}

/** What a review found and decided. */
export interface ReviewResults {
  readonly goals: readonly GoalFinding[];
  readonly activities: readonly ActivityFinding[];
  readonly outcomes: readonly OutcomeFinding[];
  readonly medication: Pick<MedicationSafety, 'mme' | 'tableVersion'> & { readonly opioids: number; readonly benzodiazepines: number; readonly unidentified: number };
  readonly summary: string;
  /** What the patient does next. */
  readonly nextStep: string;
  /** Activities opened to solve what stands in the way. */
  readonly problemSolving: readonly string[];
  /** The plan's wording after the review against the one before. */
  readonly difference: PlanDifference;
  readonly revision: number;
}
