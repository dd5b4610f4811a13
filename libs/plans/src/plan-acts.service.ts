import { Injectable } from '@nestjs/common';
import { notFound } from '@cairn/kernel';
import { Transactions, expectVersion, type Scope } from '@cairn/platform';
import type { ActivityEvent } from './activity.workflow.js';
import { PlanRecords } from './plan-records.service.js';
import { PlanSchedule } from './plan-schedule.service.js';
import { PlanSteps } from './plan-steps.service.js';

/** What may be done with one activity, each a resource of it, and the event of its machine. */
export const ACTIVITY_ACTS = {
  scheduling: 'schedule',
  start: 'start',
  hold: 'hold',
  resumption: 'resume',
  completion: 'complete',
  cancellation: 'cancel',
  stop: 'stop',
  'loss-from-sight': 'lose-sight',
  'entry-in-error': 'void',
} as const satisfies Record<string, ActivityEvent>;
export type ActivityAct = keyof typeof ACTIVITY_ACTS;

/** What the team does with a plan's activities between reviews. */
@Injectable()
export class PlanActs {
  constructor(
    private readonly transactions: Transactions,
    private readonly records: PlanRecords,
    private readonly steps: PlanSteps,
    private readonly schedule: PlanSchedule,
  ) {}

  /**
   * Moves an activity. A procedure that is complete may bring the plan's review forward. Refuses what the activity's machine forbids, and a
   * stale version of the plan.
   */
  async move(scope: Scope, planId: string, activityId: string, act: ActivityAct, reason: string | null, readVersion: number | undefined): Promise<void> {
    await this.transactions.run(scope, async (tx) => {
      const rows = await this.records.lock(tx, planId);
      expectVersion(readVersion, rows.plan.version);
      const activity = rows.activities.find(({ id }) => id === activityId);
      if (!activity) throw notFound('The activity');
      this.steps.activity(tx, rows, activity, ACTIVITY_ACTS[act], reason);
      if (activity.discipline === 'interventional' && activity.status === 'completed') await this.schedule.reconsider(tx, rows);
      await this.records.save(tx, rows, `plan.activity-${ACTIVITY_ACTS[act]}`);
    });
  }
}
