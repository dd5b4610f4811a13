import { Injectable } from '@nestjs/common';
import { nextState } from '@cairn/kernel';
import type { Tx } from '@cairn/platform';
import { activityMachine, endOf, isOpenActivity, type ActivityEvent } from './activity.workflow.js';
import { FINDING, achievementMachine, goalMachine, isLiveGoal, type Achievement, type GoalEvent } from './goal.workflow.js';
import type { PlanActivity } from './plan-activity.entity.js';
import type { PlanGoal } from './plan-goal.entity.js';
import { PlanRecords, type PlanRows } from './plan-records.service.js';

/** Takes goals and activities through their machines and writes each step into the log. Refuses with the rule that forbids a step. */
@Injectable()
export class PlanSteps {
  constructor(private readonly records: PlanRecords) {}

  /** Moves a goal along its lifecycle. A goal that becomes active is in progress from then on. */
  goal(tx: Tx, { plan }: Pick<PlanRows, 'plan'>, goal: PlanGoal, event: GoalEvent, why: string | null = null): void {
    const from = goal.lifecycle;
    goal.lifecycle = nextState(goalMachine, from, event, {});
    this.records.log(tx, plan, { subject: 'goal', subjectId: goal.id, event, from, to: goal.lifecycle, why });
    if (event !== 'start') return;
    goal.achievement = achievementMachine.initial;
    this.records.log(tx, plan, { subject: 'achievement', subjectId: goal.id, event: 'seek', from: null, to: goal.achievement });
  }

  /** Writes down how a goal stands. */
  judge(tx: Tx, { plan }: Pick<PlanRows, 'plan'>, goal: PlanGoal, finding: Achievement, why: string | null): void {
    const from = goal.achievement ?? achievementMachine.initial;
    const event = FINDING[finding];
    goal.achievement = nextState(achievementMachine, from, event, { lifecycle: goal.lifecycle });
    this.records.log(tx, plan, { subject: 'achievement', subjectId: goal.id, event, from, to: goal.achievement, why });
  }

  /** Moves an activity. */
  activity(tx: Tx, { plan }: Pick<PlanRows, 'plan'>, activity: PlanActivity, event: ActivityEvent, why: string | null = null): void {
    const from = activity.status;
    activity.status = nextState(activityMachine, from, event, { planActive: plan.state === 'active', reason: why !== null });
    activity.statusReason = why;
    activity.doneAt = activity.status === 'completed' ? tx.clock.now() : null;
    this.records.log(tx, plan, { subject: 'activity', subjectId: activity.id, event, from, to: activity.status, why });
  }

  /** Ends all that is still open, because the plan ends: goals are no longer sought, activities are cancelled or stopped. */
  endAll(tx: Tx, rows: PlanRows, ending: 'complete' | 'revoke' | 'void', why: string): void {
    for (const goal of rows.goals) {
      if (ending === 'void' && goal.lifecycle !== 'entered-in-error') this.goal(tx, rows, goal, 'void', why);
      else if (isLiveGoal(goal.lifecycle)) this.goal(tx, rows, goal, ending === 'complete' && goal.lifecycle === 'active' ? 'complete' : 'cancel', why);
    }
    for (const activity of rows.activities) {
      if (ending === 'void' && activity.status !== 'entered-in-error') this.activity(tx, rows, activity, 'void', why);
      else if (isOpenActivity(activity.status)) this.activity(tx, rows, activity, endOf(activity.status), why);
    }
  }
}
