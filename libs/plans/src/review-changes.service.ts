import { Injectable } from '@nestjs/common';
import { invalid } from '@cairn/kernel';
import { daysAfter, localDay } from '@cairn/people';
import type { Tx } from '@cairn/platform';
import { endOf, isOpenActivity, type ActivityEvent, type ActivityState } from './activity.workflow.js';
import { PROBLEM_SOLVING_DAYS } from './cadence/cadence-table.js';
import { isSetback } from './goal.workflow.js';
import type { PlanActivity } from './plan-activity.entity.js';
import { PlanRecords, type PlanRows } from './plan-records.service.js';
import { PlanSteps } from './plan-steps.service.js';
import { PlanWording, ownerColumns } from './plan-wording.service.js';
import type { ActivityJudgement, ActivityWording, Completion, GoalJudgement } from './plan.acts.js';
import type { OutcomeFinding } from './review-results.js';

/** Changes a plan's goals and activities as a review decided. Writes rows and log, not faces. */
@Injectable()
export class ReviewChanges {
  constructor(
    private readonly records: PlanRecords,
    private readonly steps: PlanSteps,
    private readonly wording: PlanWording,
  ) {}

  /** Writes down how each goal stands and what becomes of it. `today` is the clinic's day on which milestones count as reached. */
  judgeGoals(tx: Tx, rows: PlanRows, findings: readonly GoalJudgement[], today: string): void {
    for (const [position, { goalId, achievement, note, milestonesReached, then }] of findings.entries()) {
      const goal = rows.goals.find(({ id }) => id === goalId);
      if (!goal) throw wrong(`goals.${position}.goalId`, 'is no goal of this plan');
      this.steps.judge(tx, rows, goal, achievement, note);
      for (const text of milestonesReached) {
        if (!goal.milestones.some((milestone) => milestone.text === text)) throw wrong(`goals.${position}.milestonesReached`, 'names no milestone of this goal');
      }
      goal.milestones = goal.milestones.map((milestone) => (milestonesReached.includes(milestone.text) && !milestone.reachedOn ? { ...milestone, reachedOn: today } : milestone));
      if (then !== 'continue') this.steps.goal(tx, rows, goal, then, note);
    }
  }

  /** Continues, changes, completes or stops each activity. */
  decideActivities(tx: Tx, rows: PlanRows, decisions: readonly ActivityJudgement[]): void {
    for (const [position, { activityId, decision, why, change }] of decisions.entries()) {
      const activity = rows.activities.find(({ id }) => id === activityId);
      if (!activity) throw wrong(`activities.${position}.activityId`, 'is no activity of this plan');
      if (decision === 'complete') this.#complete(tx, rows, activity, why);
      if (decision === 'stop') this.steps.activity(tx, rows, activity, endOf(activity.status), why);
      if (change) {
        const { owner, ...wording } = change;
        Object.assign(activity, wording, owner ? ownerColumns(owner) : {});
        this.records.log(tx, rows.plan, { subject: 'activity', subjectId: activityId, event: 'change', from: activity.status, to: activity.status, why });
      }
    }
  }

  /** Adds what is new, and the next small step. New goals are sought from now on. */
  addParts(tx: Tx, rows: PlanRows, { newGoals, newActivities, nextStep }: Completion): void {
    const standing = rows.activities.some(({ kind, status, description }) => kind === 'next-step' && isOpenActivity(status) && description === nextStep);
    const step: ActivityWording = { ...BLANK, kind: 'next-step', discipline: 'self-management', description: nextStep, owner: 'patient' };
    const { goals } = this.wording.add(tx, rows, { goals: newGoals, activities: standing ? newActivities : [...newActivities, step] });
    for (const goal of goals) for (const event of ['accept', 'start'] as const) this.steps.goal(tx, rows, goal, event, 'Agreed at the review.');
  }

  /**
   * Opens a problem-solving step for each goal that went wrong and each measure that got worse, unless one for it is open already. Returns
   * the steps' ids. A setback is met with help, never with blame.
   */
  solveProblems(tx: Tx, rows: PlanRows, findings: readonly GoalJudgement[], outcomes: readonly OutcomeFinding[], zone: string): string[] {
    const { plan } = rows;
    const wanted = [
      ...findings.filter(({ achievement, then }) => isSetback(achievement) && then !== 'cancel').map(({ goalId }) => {
        const goal = rows.goals.find(({ id }) => id === goalId);
        return { goalIds: [goalId], description: `Find out together what stands in the way, and what would help: ${goal?.description ?? ''}` };
      }),
      ...outcomes.filter(({ trend }) => trend === 'worse').map(({ instrument }) => ({
        goalIds: [],
        description: `Find out together why it got worse, and what would help: ${instrument.toUpperCase()}`,
      })),
    ];
    const open = rows.activities.filter(({ kind, status }) => kind === 'problem-solving' && isOpenActivity(status)).map(({ description }) => description);
    const steps = wanted
      .filter(({ description }) => !open.includes(description))
      .map((step): ActivityWording => ({
        ...BLANK,
        ...step,
        kind: 'problem-solving',
        discipline: 'coordination',
        owner: { practitionerId: plan.ownerPractitionerId, name: plan.ownerName },
        dueDate: localDay(daysAfter(tx.clock.now(), PROBLEM_SOLVING_DAYS, zone), zone),
      }));
    return this.wording.add(tx, rows, { goals: [], activities: steps }).activities.map(({ id }) => id);
  }

  #complete(tx: Tx, rows: PlanRows, activity: PlanActivity, why: string | null): void {
    const first = BEFORE_COMPLETION[activity.status];
    if (first) this.steps.activity(tx, rows, activity, first, why);
    this.steps.activity(tx, rows, activity, 'complete', why);
  }
}

/** What never began, or paused, goes on before it is complete. */
const BEFORE_COMPLETION: Partial<Record<ActivityState, ActivityEvent>> = { 'not-started': 'start', 'on-hold': 'resume' };

const BLANK = { cadence: null, dueDate: null, goalIds: [], recommendationId: null };

const wrong = (path: string, message: string): Error => invalid('Some fields are missing or wrong.', { code: 'fields', issues: [{ path, message }] });
