import { defineEntity, p } from '@mikro-orm/postgresql';
import type { ReviewDate } from './cadence/cadence.js';
import type { MmeTotal } from './medication/opioid-dose.js';
import type { ReviewResults } from './review-results.js';
import type { ReviewState } from './review.workflow.js';

const PlanReviewSchema = defineEntity({
  name: 'PlanReview',
  tableName: 'plan_review',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    planId: p.uuid(),
    patientId: p.string(),
    state: p.string().$type<ReviewState>(),
    dueAt: p.datetime(),
    /** The latest date that the rule allows. */
    graceUntil: p.datetime(),
    rule: p.string().$type<ReviewDate['rule']>(),
    because: p.string(),
    tableVersion: p.string(),
    /** The day's opioid total that was known when the date was set. */
    mme: p.json().$type<MmeTotal>(),
    /** When the news that the date has come was given. */
    toldAt: p.datetime().strictNullable(),
    /** The Task that asks a coordinator to get a missed review held. */
    escalationTaskId: p.uuid().strictNullable(),
    startedAt: p.datetime().strictNullable(),
    endedAt: p.datetime().strictNullable(),
    heldBy: p.string().strictNullable(),
    results: p.json().$type<ReviewResults>().strictNullable(),
    createdAt: p.datetime(),
    version: p.integer().version(),
  },
});

/** A date on which the plan is looked at together. */
export class PlanReview extends PlanReviewSchema.class {}
PlanReviewSchema.setClass(PlanReview);
