import type { ActivityCadence, ActivityDiscipline, ActivityKind, PlanActivity } from './plan-activity.entity.js';
import type { ActivityState } from './activity.workflow.js';
import { isLiveGoal, type GoalState } from './goal.workflow.js';
import type { PlanGoal, Milestone } from './plan-goal.entity.js';
import type { Plan } from './plan.entity.js';

/** A goal's wording. */
interface GoalContent {
  readonly id: string;
  readonly description: string;
  readonly measure: string | null;
  readonly target: { readonly value: number; readonly unit: string } | null;
  readonly dueDate: string | null;
  readonly milestones: readonly Milestone[];
}

/** An activity's wording. `owner` is the patient, or a name of the team. */
interface ActivityContent {
  readonly id: string;
  readonly kind: ActivityKind;
  readonly discipline: ActivityDiscipline;
  readonly description: string;
  readonly owner: string | null;
  readonly cadence: ActivityCadence | null;
  readonly dueDate: string | null;
  readonly goalIds: readonly string[];
}

/** What the plan says, free of how far it has come: what the patient agrees to, and what versions are compared by. */
export interface PlanContent {
  readonly title: string;
  readonly summary: string | null;
  readonly owner: string;
  readonly goals: readonly GoalContent[];
  readonly activities: readonly ActivityContent[];
}

const isLive = ({ lifecycle }: { lifecycle: GoalState }): boolean => isLiveGoal(lifecycle) || lifecycle === 'completed';
const ENDED: readonly ActivityState[] = ['cancelled', 'stopped', 'entered-in-error'];

/** The wording of the plan as it stands: goals and activities that were given up are no part of it. */
export const contentOf = (plan: Plan, goals: readonly PlanGoal[], activities: readonly PlanActivity[]): PlanContent => ({
  title: plan.title,
  summary: plan.summary,
  owner: plan.ownerName,
  goals: goals.filter(isLive).map(({ id, description, measure, targetValue, targetUnit, dueDate, milestones }) => ({
    id,
    description,
    measure,
    target: targetValue === null || targetUnit === null ? null : { value: targetValue, unit: targetUnit },
    dueDate,
    milestones: milestones.map(({ text, dueDate: due, reachedOn }) => ({ text, dueDate: due, reachedOn })),
  })),
  activities: activities
    .filter(({ status }) => !ENDED.includes(status))
    .map(({ id, kind, discipline, description, ownedByPatient, ownerName, cadence, dueDate, goalIds }) => ({
      id,
      kind,
      discipline,
      description,
      owner: ownedByPatient ? 'patient' : ownerName,
      cadence: cadence && { times: cadence.times, every: cadence.every, unit: cadence.unit },
      dueDate,
      goalIds: [...goalIds],
    })),
});
