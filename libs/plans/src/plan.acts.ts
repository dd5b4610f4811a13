import type { Achievement } from './goal.workflow.js';
import type { ActivityCadence, ActivityDiscipline, ActivityKind } from './plan-activity.entity.js';
import type { AGREED_BY, AGREED_HOW } from './plan.entity.js';
import type { PlanState } from './plan.workflow.js';
import type { ActivityDecision, GoalDecision } from './review-results.js';
import type { ReviewState } from './review.workflow.js';

// What people ask of plans and reviews, as the services understand it. Days are `YYYY-MM-DD` on the clinic's calendar.

/** Somebody of the team. */
interface Owner {
  readonly practitionerId: string | null;
  readonly name: string;
}

/** How a goal is worded. With an `id`, a goal that the draft has already. */
export interface GoalWording {
  readonly id?: string | undefined;
  readonly description: string;
  readonly measure: string | null;
  readonly measureLoinc: string | null;
  readonly target: { readonly value: number; readonly unit: string } | null;
  readonly dueDate: string | null;
  readonly milestones: readonly { readonly text: string; readonly dueDate: string | null }[];
}

/** How an activity is worded. With an `id`, an activity that the draft has already. */
export interface ActivityWording {
  readonly id?: string | undefined;
  readonly kind: ActivityKind;
  readonly discipline: ActivityDiscipline;
  readonly description: string;
  readonly owner: 'patient' | Owner;
  readonly cadence: ActivityCadence | null;
  readonly dueDate: string | null;
  readonly goalIds: readonly string[];
  readonly recommendationId: string | null;
}

/** Goals and activities of a plan. */
export interface Parts {
  readonly goals: readonly GoalWording[];
  readonly activities: readonly ActivityWording[];
}

/** A new plan: for a patient, or from recommendations about one. */
export interface Draft extends Parts {
  readonly patientId?: string | undefined;
  readonly referralId?: string | undefined;
  readonly recommendationIds: readonly string[];
  readonly title: string;
  readonly summary: string | null;
  readonly owner?: Owner | undefined;
}

/** The whole wording of a draft. */
export interface Wording extends Parts {
  readonly title: string;
  readonly summary: string | null;
  readonly owner: Owner;
}

/** Who agreed, and how. */
interface Consenting {
  readonly by: (typeof AGREED_BY)[number];
  readonly how: (typeof AGREED_HOW)[number];
}

/** The patient's agreement to a draft. `at` is an ISO instant; without it, now. */
export interface Agreement extends Consenting {
  readonly at?: string | undefined;
  readonly note: string | null;
}

/** A pause, and the day on which somebody decides how the plan goes on. */
export interface Pause {
  readonly reason: string;
  readonly until: string;
}

/** Another day for a review. */
export interface Postponement {
  readonly dueOn: string;
  readonly reason: string;
}

/** What a review says of one goal. */
export interface GoalJudgement {
  readonly goalId: string;
  readonly achievement: Achievement;
  readonly value: number | null;
  readonly note: string | null;
  readonly milestonesReached: readonly string[];
  readonly then: GoalDecision;
}

/** What becomes of one activity. `change` stands with the decision "change". */
export interface ActivityJudgement {
  readonly activityId: string;
  readonly decision: ActivityDecision;
  readonly why: string | null;
  readonly change?: Partial<Pick<ActivityWording, 'description' | 'owner' | 'cadence' | 'dueDate'>> | undefined;
}

/** All that a review found and decided. */
export interface Completion {
  readonly goals: readonly GoalJudgement[];
  readonly activities: readonly ActivityJudgement[];
  readonly newGoals: readonly GoalWording[];
  readonly newActivities: readonly ActivityWording[];
  readonly summary: string;
  readonly nextStep: string;
  readonly agreement: Consenting;
  readonly nextReviewOn?: string | undefined;
}

/** Which plans to list. `after` is the `next` of the page before. */
export interface PlanListing {
  readonly patient?: string | undefined;
  readonly state?: PlanState | undefined;
  readonly after?: string | undefined;
  readonly limit: number;
}

/** Which open reviews to list. */
export interface ReviewListing {
  readonly patient?: string | undefined;
  readonly state?: ReviewState | undefined;
  readonly dueBefore?: string | undefined;
  readonly after?: string | undefined;
  readonly limit: number;
}

/** Two revisions to compare. */
export interface Comparison {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** One page of a list. `next` names where the following page begins; absent on the last. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next?: string;
}
