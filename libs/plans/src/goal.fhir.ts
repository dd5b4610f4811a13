import type { Goal, GoalTarget } from '@medplum/fhirtypes';
import { reference } from './codes.js';
import type { PlanGoal } from './plan-goal.entity.js';
import type { Plan } from './plan.entity.js';

const ACHIEVEMENT = 'http://terminology.hl7.org/CodeSystem/goal-achievement';
const LOINC = 'http://loinc.org';

/**
 * The Goal of a plan. Its target holds the measure with the value to reach (invariant gol-1: no value without a measure); milestones are
 * further targets in words, each with its day.
 */
export function goalResource(goal: PlanGoal, plan: Plan): Goal & { id: string } {
  const targets = [mainTarget(goal), ...goal.milestones.map(({ text, dueDate }): GoalTarget => ({ measure: { text: 'Milestone' }, detailString: text, ...(dueDate ? { dueDate } : {}) }))];
  const described = targets.filter((target) => Object.keys(target).length > 0);
  const reached = goal.milestones.filter(({ reachedOn }) => reachedOn !== null);
  return {
    resourceType: 'Goal',
    id: goal.id,
    identifier: [{ system: 'urn:cairn:goal', value: goal.id }],
    lifecycleStatus: goal.lifecycle,
    ...(goal.achievement ? { achievementStatus: { coding: [{ system: ACHIEVEMENT, code: goal.achievement }] } } : {}),
    description: { text: goal.description },
    subject: reference('Patient', plan.patientId),
    ...(plan.activatedAt ? { startDate: plan.activatedAt.toISOString().slice(0, 10) } : {}),
    ...(described.length > 0 ? { target: described } : {}),
    expressedBy: reference('Patient', plan.patientId),
    ...(reached.length > 0 ? { note: reached.map(({ text, reachedOn }) => ({ text: `Milestone reached on ${reachedOn}: ${text}` })) } : {}),
  };
}

function mainTarget({ measure, measureLoinc, targetValue, targetUnit, dueDate }: PlanGoal): GoalTarget {
  return {
    ...(measure ? { measure: { ...(measureLoinc ? { coding: [{ system: LOINC, code: measureLoinc }] } : {}), text: measure } } : {}),
    ...(targetValue !== null && targetUnit !== null ? { detailQuantity: { value: targetValue, unit: targetUnit } } : {}),
    ...(dueDate ? { dueDate } : {}),
  };
}
