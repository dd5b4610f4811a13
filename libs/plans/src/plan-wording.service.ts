import { Injectable } from '@nestjs/common';
import { invalid, newId } from '@cairn/kernel';
import { FhirStore } from '@cairn/fhir';
import type { Tx } from '@cairn/platform';
import { activityMachine } from './activity.workflow.js';
import { goalMachine } from './goal.workflow.js';
import { PlanActivity } from './plan-activity.entity.js';
import { PlanGoal } from './plan-goal.entity.js';
import type { ActivityWording, GoalWording, Parts } from './plan.acts.js';
import { PlanRecords, type PlanRows } from './plan-records.service.js';

/** Writes goals and activities of a plan as they were worded. */
@Injectable()
export class PlanWording {
  constructor(
    private readonly store: FhirStore,
    private readonly records: PlanRecords,
  ) {}

  /** Makes the draft's goals and activities just these, in this order. Refuses ids that are not the draft's. */
  async write(tx: Tx, rows: PlanRows, { goals, activities }: Parts): Promise<void> {
    const knownGoals = byId(rows.goals);
    const knownActivities = byId(rows.activities);
    const keptGoals = goals.map((body, position) => {
      const goal = body.id === undefined ? this.#newGoal(tx, rows) : demand(knownGoals, body.id, `goals.${position}.id`);
      return Object.assign(goal, goalColumns(body), { position });
    });
    const goalIds = new Set(keptGoals.map(({ id }) => id));
    const keptActivities = activities.map((body, position) => {
      checkGoals(body, goalIds, `activities.${position}`);
      const activity = body.id === undefined ? this.#newActivity(tx, rows, body) : demand(knownActivities, body.id, `activities.${position}.id`);
      return Object.assign(activity, activityColumns(body), { position });
    });
    for (const goal of rows.goals.filter(({ id }) => !goalIds.has(id))) {
      tx.em.remove(goal);
      await this.store.remove(tx, 'Goal', goal.id);
    }
    const kept = new Set(keptActivities.map(({ id }) => id));
    for (const activity of rows.activities.filter(({ id }) => !kept.has(id))) tx.em.remove(activity);
    rows.goals.splice(0, rows.goals.length, ...keptGoals);
    rows.activities.splice(0, rows.activities.length, ...keptActivities);
    await tx.flush();
  }

  /** Adds goals and activities to a plan in force. Activities may name the new goals only by the ids of goals that the plan has already. */
  add(tx: Tx, rows: PlanRows, { goals, activities }: Parts): { goals: PlanGoal[]; activities: PlanActivity[] } {
    const newGoals = goals.map((body) => Object.assign(this.#newGoal(tx, rows), goalColumns(body)));
    rows.goals.push(...newGoals);
    const goalIds = new Set(rows.goals.map(({ id }) => id));
    const newActivities = activities.map((body, index) => {
      checkGoals(body, goalIds, `newActivities.${index}`);
      return Object.assign(this.#newActivity(tx, rows, body), { position: rows.activities.length + index });
    });
    rows.activities.push(...newActivities);
    return { goals: newGoals, activities: newActivities };
  }

  #newGoal(tx: Tx, { plan, goals }: PlanRows): PlanGoal {
    const goal = tx.em.create(PlanGoal, {
      clinicId: plan.clinicId, id: newId(), planId: plan.id, position: goals.length,
      description: '', measure: null, measureLoinc: null, targetValue: null, targetUnit: null, dueDate: null, milestones: [],
      lifecycle: goalMachine.initial, achievement: null, version: 1,
    });
    this.records.log(tx, plan, { subject: 'goal', subjectId: goal.id, event: 'propose', from: null, to: goal.lifecycle });
    return goal;
  }

  #newActivity(tx: Tx, { plan, activities }: PlanRows, body: ActivityWording): PlanActivity {
    const activity = tx.em.create(PlanActivity, {
      clinicId: plan.clinicId, id: newId(), planId: plan.id, position: activities.length,
      ...activityColumns(body),
      reference: null, status: activityMachine.initial, statusReason: null, doneAt: null, version: 1,
    });
    this.records.log(tx, plan, { subject: 'activity', subjectId: activity.id, event: 'plan', from: null, to: activity.status });
    return activity;
  }
}

const byId = <Row extends { id: string }>(rows: readonly Row[]): Map<string, Row> => new Map(rows.map((row) => [row.id, row]));

function demand<Row>(rows: ReadonlyMap<string, Row>, id: string, path: string): Row {
  const row = rows.get(id);
  if (!row) throw wrong(path, 'is not of this plan; leave it out for something new');
  return row;
}

const wrong = (path: string, message: string): Error => invalid('Some fields are missing or wrong.', { code: 'fields', issues: [{ path, message }] });

function checkGoals({ goalIds }: ActivityWording, known: ReadonlySet<string>, path: string): void {
  for (const [index, id] of goalIds.entries()) if (!known.has(id)) throw wrong(`${path}.goalIds.${index}`, 'is no goal of this plan');
}

const goalColumns = ({ description, measure, measureLoinc, target, dueDate, milestones }: GoalWording) => ({
  description, measure, measureLoinc, dueDate,
  targetValue: target?.value ?? null,
  targetUnit: target?.unit ?? null,
  milestones: milestones.map(({ text, dueDate: due }) => ({ text, dueDate: due, reachedOn: null })),
});

/** Columns of an activity's wording. */
const activityColumns = ({ kind, discipline, description, owner, cadence, dueDate, goalIds, recommendationId }: ActivityWording) => ({
  kind, discipline, description, cadence, dueDate, recommendationId,
  goalIds: [...goalIds],
  ...ownerColumns(owner),
});

/** Who does it: the patient, or somebody of the team. */
export const ownerColumns = (owner: ActivityWording['owner']) =>
  owner === 'patient'
    ? { ownedByPatient: true, ownerPractitionerId: null, ownerName: null }
    : { ownedByPatient: false, ownerPractitionerId: owner.practitionerId, ownerName: owner.name };
