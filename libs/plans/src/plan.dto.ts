import { z } from 'zod';
import { ACHIEVEMENTS } from './goal.workflow.js';
import { ACTIVITY_DISCIPLINES, ACTIVITY_KINDS, CADENCE_UNITS } from './plan-activity.entity.js';
import type { ActivityWording, Agreement, Comparison, Completion, Draft, GoalWording, Pause, PlanListing, Postponement, ReviewListing, Wording } from './plan.acts.js';
import { AGREED_BY, AGREED_HOW } from './plan.entity.js';
import { PLAN_STATES } from './plan.workflow.js';
import { ACTIVITY_DECISIONS, GOAL_DECISIONS } from './review-results.js';
import { OPEN_REVIEW_STATES } from './review.workflow.js';

const words = (most: number): z.ZodString => z.string().trim().min(1).max(most);
const inOurTimes = (text: string): boolean => text >= '1900' && text < '2200';
const TIMES = 'must lie between the years 1900 and 2199';
const day = z.iso.date().refine(inOurTimes, TIMES);
const instant = z.iso.datetime({ offset: true }).refine(inOurTimes, TIMES);
const fhirId = z.string().regex(/^[A-Za-z0-9\-.]{1,64}$/, 'must be a FHIR id: letters, digits, hyphens and dots, at most 64');
const differ = <Row>(rows: readonly Row[], key: (row: Row) => string | undefined): boolean => {
  const keys = rows.map(key).filter((value) => value !== undefined);
  return new Set(keys).size === keys.length;
};

const owner = z.strictObject({ practitionerId: fhirId.nullable().default(null), name: words(200) });

const goalBody = z
  .strictObject({
    id: z.uuid().optional(),
    description: words(500),
    measure: words(200).nullable().default(null),
    measureLoinc: z.string().regex(/^\d{1,7}-\d$/, 'must be a LOINC code such as 91147-9').nullable().default(null),
    target: z.strictObject({ value: z.number().finite(), unit: words(50) }).nullable().default(null),
    dueDate: day.nullable().default(null),
    milestones: z.array(z.strictObject({ text: words(300), dueDate: day.nullable().default(null) })).max(20).default([]),
  })
  .refine(({ target, measure }) => target === null || measure !== null, { path: ['measure'], message: 'must say what is measured where a target is given' }) satisfies z.ZodType<GoalWording>;

const activityOwner = z.union([z.literal('patient'), owner]);
const cadence = z.strictObject({ times: z.int().min(1).max(50), every: z.int().min(1).max(52), unit: z.enum(CADENCE_UNITS) });

const activityBody = z.strictObject({
  id: z.uuid().optional(),
  kind: z.enum(ACTIVITY_KINDS),
  discipline: z.enum(ACTIVITY_DISCIPLINES),
  description: words(1000),
  owner: activityOwner,
  cadence: cadence.nullable().default(null),
  dueDate: day.nullable().default(null),
  goalIds: z.array(z.uuid()).max(20).default([]),
  recommendationId: z.uuid().nullable().default(null),
}) satisfies z.ZodType<ActivityWording>;

const goals = z.array(goalBody).max(20).refine((rows) => differ(rows, ({ id }) => id), 'must not name a goal twice');
const activities = z.array(activityBody).max(50).refine((rows) => differ(rows, ({ id }) => id), 'must not name an activity twice');

export const draftBody = z
  .strictObject({
    patientId: fhirId.optional(),
    referralId: z.uuid().optional(),
    recommendationIds: z.array(z.uuid()).max(20).refine((ids) => differ(ids, (id) => id), 'must not name a recommendation twice').default([]),
    title: words(200).default('Pain care plan'),
    summary: words(4000).nullable().default(null),
    owner: owner.optional(),
    goals: goals.default([]),
    activities: activities.default([]),
  })
  .refine(({ patientId, recommendationIds }) => patientId !== undefined || recommendationIds.length > 0, {
    path: ['patientId'],
    message: 'must name the patient, or name recommendations of a conference instead',
  }) satisfies z.ZodType<Draft>;

export const wordingBody = z.strictObject({ title: words(200), summary: words(4000).nullable(), owner, goals, activities }) satisfies z.ZodType<Wording>;

export const agreementBody = z.strictObject({
  by: z.enum(AGREED_BY),
  how: z.enum(AGREED_HOW),
  at: instant.optional(),
  note: words(1000).nullable().default(null),
}) satisfies z.ZodType<Agreement>;

export const holdBody = z.strictObject({ reason: words(500), until: day }) satisfies z.ZodType<Pause>;

export const reasonBody = z.strictObject({ reason: words(500) });

export const optionalReasonBody = z.strictObject({ reason: words(500).nullable().default(null) });

export const flareUpBody = z.strictObject({ note: words(1000) });

const limit = z.coerce.number().int().min(1).max(100).default(50);

export const planListQuery = z.strictObject({
  patient: fhirId.optional(),
  state: z.enum(PLAN_STATES).optional(),
  after: z.uuid().optional(),
  limit,
}) satisfies z.ZodType<PlanListing>;

export const differenceQuery = z.strictObject({ from: z.coerce.number().int().min(1).optional(), to: z.coerce.number().int().min(1).optional() }) satisfies z.ZodType<Comparison>;

export const reviewListQuery = z.strictObject({
  patient: fhirId.optional(),
  state: z.enum(OPEN_REVIEW_STATES).optional(),
  dueBefore: instant.optional(),
  after: z.string().max(200).optional(),
  limit,
}) satisfies z.ZodType<ReviewListing>;

export const postponementBody = z.strictObject({ dueOn: day, reason: words(500) }) satisfies z.ZodType<Postponement>;

export const completionBody = z.strictObject({
  goals: z
    .array(
      z.strictObject({
        goalId: z.uuid(),
        achievement: z.enum(ACHIEVEMENTS),
        value: z.number().finite().nullable().default(null),
        note: words(1000).nullable().default(null),
        milestonesReached: z.array(words(300)).max(20).default([]),
        then: z.enum(GOAL_DECISIONS).default('continue'),
      }),
    )
    .max(20)
    .refine((rows) => differ(rows, ({ goalId }) => goalId), 'must not name a goal twice'),
  activities: z
    .array(
      z
        .strictObject({
          activityId: z.uuid(),
          decision: z.enum(ACTIVITY_DECISIONS),
          why: words(500).nullable().default(null),
          change: z.strictObject({ description: words(1000).optional(), owner: activityOwner.optional(), cadence: cadence.nullable().optional(), dueDate: day.nullable().optional() }).optional(),
        })
        .refine(({ decision, why }) => decision === 'continue' || why !== null, { path: ['why'], message: 'must say why, unless the activity simply continues' })
        .refine(({ decision, change }) => (decision === 'change') === (change !== undefined), { path: ['change'], message: 'must stand with the decision "change", and only there' }),
    )
    .max(50)
    .refine((rows) => differ(rows, ({ activityId }) => activityId), 'must not name an activity twice'),
  newGoals: z.array(goalBody).max(20).default([]),
  newActivities: z.array(activityBody).max(20).default([]),
  summary: words(4000),
  nextStep: words(500),
  agreement: z.strictObject({ by: z.enum(AGREED_BY), how: z.enum(AGREED_HOW) }),
  nextReviewOn: day.optional(),
}) satisfies z.ZodType<Completion>;
