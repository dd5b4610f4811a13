import { Injectable } from '@nestjs/common';
import { conflict, decide, notFound } from '@cairn/kernel';
import type { Tx } from '@cairn/platform';
import { activityMachine, isOpenActivity, type ActivityEvent } from './activity.workflow.js';
import { PlanRecords } from './plan-records.service.js';
import { PlanSteps } from './plan-steps.service.js';
import { summaryOf, type PlanSummary } from './plan-view.js';
import { Plan } from './plan.entity.js';

/** An activity as other features know it. */
export interface ActivityFacts {
  readonly id: string;
  readonly planId: string;
  readonly patientId: string;
  readonly description: string;
  readonly goalIds: readonly string[];
  /** The request that carries it out already; null while nothing does. */
  readonly reference: string | null;
}

/** Plans for the features that build on them, inside their own transactions. */
@Injectable()
export class Plans {
  constructor(
    private readonly records: PlanRecords,
    private readonly steps: PlanSteps,
  ) {}

  /** The plan, or undefined when there is none. */
  async get(tx: Tx, id: string): Promise<PlanSummary | undefined> {
    const plan = await tx.em.findOne(Plan, { clinicId: tx.scope.clinicId, id });
    return plan ? summaryOf({ plan }) : undefined;
  }

  /** The patient's plan that is active or on hold; undefined when there is none. */
  async inForce(tx: Tx, patientId: string): Promise<PlanSummary | undefined> {
    const plan = await tx.em.findOne(Plan, { clinicId: tx.scope.clinicId, patientId, state: { $in: ['active', 'on-hold'] } });
    return plan ? summaryOf({ plan }) : undefined;
  }

  /** The activity. Refuses with `not-found`. */
  async activity(tx: Tx, planId: string, activityId: string): Promise<ActivityFacts> {
    const { plan, activities } = await this.records.get(tx, planId);
    const activity = activities.find(({ id }) => id === activityId);
    if (!activity) throw notFound('The activity');
    const { description, goalIds, reference } = activity;
    return { id: activityId, planId, patientId: plan.patientId, description, goalIds, reference };
  }

  /**
   * From now on the activity is carried out by this request, such as a place in a programme: the CarePlan names it instead of a detail of
   * its own. `null` gives the activity its detail back. Refuses a plan that is not active, an activity that is over, and one that another
   * request carries out.
   */
  async refer(tx: Tx, planId: string, activityId: string, reference: `${'ServiceRequest' | 'Task' | 'Appointment'}/${string}` | null): Promise<void> {
    const rows = await this.records.lock(tx, planId);
    const activity = rows.activities.find(({ id }) => id === activityId);
    if (!activity) throw notFound('The activity');
    if (reference !== null) {
      if (rows.plan.state !== 'active' || !isOpenActivity(activity.status)) throw conflict('Only an open activity of a plan in force can be handed on.', { code: 'activity.not-open' });
      if (activity.reference !== null && activity.reference !== reference) throw conflict('Another request carries this activity out already.', { code: 'activity.referred' });
    }
    if (activity.reference === reference) return;
    activity.reference = reference;
    this.records.log(tx, rows.plan, { subject: 'activity', subjectId: activityId, event: 'refer', from: activity.status, to: activity.status, why: reference });
    await this.records.save(tx, rows, 'plan.activity-refer');
  }

  /**
   * Moves the activity along with the request that carries it out. Returns whether it moved: where the plan or the activity's own state keeps
   * it back, it stays, and the next review decides.
   */
  async follow(tx: Tx, planId: string, activityId: string, event: ActivityEvent, why: string): Promise<boolean> {
    const rows = await this.records.lock(tx, planId);
    const activity = rows.activities.find(({ id }) => id === activityId);
    if (!activity) throw notFound('The activity');
    if (!decide(activityMachine, activity.status, event, { planActive: rows.plan.state === 'active', reason: true }).ok) return false;
    this.steps.activity(tx, rows, activity, event, why);
    await this.records.save(tx, rows, 'plan.activity-follow');
    return true;
  }
}
