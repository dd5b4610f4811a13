import { defineEntity, p } from '@mikro-orm/postgresql';
import type { Achievement, GoalState } from './goal.workflow.js';

/** A smaller mark on the way to a goal. Days as `YYYY-MM-DD`. */
export interface Milestone {
  readonly text: string;
  readonly dueDate: string | null;
  readonly reachedOn: string | null;
}

const PlanGoalSchema = defineEntity({
  name: 'PlanGoal',
  tableName: 'plan_goal',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    planId: p.uuid(),
    position: p.integer(),
    description: p.string(),
    measure: p.string().strictNullable(),
    measureLoinc: p.string().strictNullable(),
    targetValue: p.double().$type<number>().strictNullable(),
    targetUnit: p.string().strictNullable(),
    dueDate: p.date().$type<string>().strictNullable(),
    milestones: p.json().$type<readonly Milestone[]>(),
    lifecycle: p.string().$type<GoalState>(),
    achievement: p.string().$type<Achievement>().strictNullable(),
    version: p.integer().version(),
  },
});

/** Something the patient wants to be able to do again. */
export class PlanGoal extends PlanGoalSchema.class {}
PlanGoalSchema.setClass(PlanGoal);
