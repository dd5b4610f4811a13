import { Injectable } from '@nestjs/common';
import { newId } from '@cairn/kernel';
import { Transactions, audit, cairnScope, type DueRow, type DueWork, type Queryable } from '@cairn/platform';
import { REVIEW_DUE, REVIEW_MISSED } from './plan.events.js';
import { PlanRecords } from './plan-records.service.js';
import { PlanSchedule, idsOf, missedTask } from './plan-schedule.service.js';
import { PlanWaiting } from './plan-waiting.service.js';

interface ReviewRow {
  readonly clinic_id: string;
  readonly id: string;
  readonly at: Date;
}

const rowsOf = (rows: readonly ReviewRow[]): DueRow[] => rows.map(({ clinic_id: clinicId, id, at }) => ({ clinicId, id, turn: at.getTime() }));

/** Says that the date of a review has come, once for each date it has. */
@Injectable()
export class ReviewDueWork implements DueWork {
  readonly name = 'plan-review-due';
  readonly lane = 'events';

  constructor(
    private readonly transactions: Transactions,
    private readonly records: PlanRecords,
    private readonly schedule: PlanSchedule,
  ) {}

  async due(database: Queryable, now: Date, limit: number): Promise<DueRow[]> {
    return rowsOf(
      await database.query<ReviewRow>({
        name: 'plan-review-due',
        text: `select clinic_id, id, due_at as at from plan_review where state = 'due' and told_at is null and due_at <= $1 order by due_at, id limit $2`,
        values: [now, limit],
      }),
    );
  }

  async perform({ clinicId, id }: DueRow): Promise<void> {
    await this.transactions.run(cairnScope(clinicId, this.name, newId()), async (tx) => {
      const planId = await this.records.planOf(tx, id);
      const { plan } = await this.records.lock(tx, planId);
      const review = await this.schedule.open(tx, planId);
      const now = tx.clock.now();
      if (review?.id !== id || review.state !== 'due' || review.toldAt !== null || review.dueAt > now) return;
      review.toldAt = now;
      this.records.log(tx, plan, { subject: 'review', subjectId: id, event: 'fall-due', from: review.state, to: review.state, why: review.because });
      await audit(tx, { action: 'execute', what: 'plan.review-due', entities: [`Task/${id}`], patients: [plan.patientId] });
      await tx.emit(REVIEW_DUE, idsOf(review));
    });
  }
}

/** Marks a review as missed once its days of grace are over, and asks a coordinator to get it held. */
@Injectable()
export class ReviewMissedWork implements DueWork {
  readonly name = 'plan-review-missed';
  readonly lane = 'events';

  constructor(
    private readonly transactions: Transactions,
    private readonly records: PlanRecords,
    private readonly schedule: PlanSchedule,
  ) {}

  async due(database: Queryable, now: Date, limit: number): Promise<DueRow[]> {
    return rowsOf(
      await database.query<ReviewRow>({
        name: 'plan-review-missed',
        text: `select clinic_id, id, grace_until as at from plan_review where state = 'due' and grace_until < $1 order by grace_until, id limit $2`,
        values: [now, limit],
      }),
    );
  }

  async perform({ clinicId, id }: DueRow): Promise<void> {
    await this.transactions.run(cairnScope(clinicId, this.name, newId()), async (tx) => {
      const planId = await this.records.planOf(tx, id);
      const rows = await this.records.lock(tx, planId);
      const review = await this.schedule.open(tx, planId);
      const now = tx.clock.now();
      if (review?.id !== id || review.state !== 'due' || review.graceUntil >= now) return;
      review.escalationTaskId = newId();
      rows.plan.nextAction = 'Hold the review that was missed';
      await this.schedule.transit(tx, rows, review, 'miss', {}, review.because);
      await this.records.put(tx, missedTask(review, rows.plan, now, 'requested'));
      await this.records.save(tx, rows, 'plan.review-missed');
      await tx.emit(REVIEW_MISSED, idsOf(review));
    });
  }
}

/** Asks a coordinator to look at drafts and paused plans that went past the date of their next action. */
@Injectable()
export class PlanWaitingWork implements DueWork {
  readonly name = 'plan-waiting';
  readonly lane = 'events';

  constructor(
    private readonly transactions: Transactions,
    private readonly records: PlanRecords,
    private readonly waiting: PlanWaiting,
  ) {}

  async due(database: Queryable, now: Date, limit: number): Promise<DueRow[]> {
    return rowsOf(
      await database.query<ReviewRow>({
        name: 'plan-waiting',
        text: `select clinic_id, id, next_at as at from care_plan where state in ('draft', 'on-hold') and waiting_task_id is null and next_at < $1 order by next_at, id limit $2`,
        values: [now, limit],
      }),
    );
  }

  async perform({ clinicId, id }: DueRow): Promise<void> {
    await this.transactions.run(cairnScope(clinicId, this.name, newId()), async (tx) => {
      const rows = await this.records.lock(tx, id);
      const { state, nextAt } = rows.plan;
      if ((state === 'draft' || state === 'on-hold') && nextAt !== null && nextAt < tx.clock.now()) await this.waiting.begin(tx, rows);
    });
  }
}
