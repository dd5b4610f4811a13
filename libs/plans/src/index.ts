import type { Entities } from '@cairn/platform';
import { PlanActivity } from './plan-activity.entity.js';
import { PlanGoal } from './plan-goal.entity.js';
import { PlanReview } from './plan-review.entity.js';
import { PlanTransition } from './plan-transition.entity.js';
import { PlanVersion } from './plan-version.entity.js';
import { Plan } from './plan.entity.js';

export * from './plan.events.js';
export { plansMigrations } from './plan.migration.js';
export { PlansModule } from './plans.module.js';
export { Plans, type ActivityFacts } from './plans.service.js';
export type { PlanSummary } from './plan-view.js';

/** Entities of this lib. */
export const plansEntities: Entities = [Plan, PlanGoal, PlanActivity, PlanReview, PlanVersion, PlanTransition];
