import { defineEntity, p } from '@mikro-orm/postgresql';
import type { PlanState } from './plan.workflow.js';

/** By whom and how the patient's agreement was given. */
export const AGREED_BY = ['patient', 'caregiver'] as const;
export const AGREED_HOW = ['in-person', 'video', 'phone', 'written'] as const;

const PlanSchema = defineEntity({
  name: 'Plan',
  tableName: 'care_plan',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    patientId: p.string(),
    referralId: p.uuid().strictNullable(),
    recommendationIds: p.array(),
    state: p.string().$type<PlanState>(),
    title: p.string(),
    summary: p.string().strictNullable(),
    ownerPractitionerId: p.string().strictNullable(),
    ownerName: p.string(),
    /** Number of the present wording; grows with every edit. */
    revision: p.integer(),
    agreedRevision: p.integer().strictNullable(),
    agreedAt: p.datetime().strictNullable(),
    agreedBy: p.string().$type<(typeof AGREED_BY)[number]>().strictNullable(),
    agreedHow: p.string().$type<(typeof AGREED_HOW)[number]>().strictNullable(),
    agreementNote: p.string().strictNullable(),
    agreementRecordedBy: p.string().strictNullable(),
    /** What has to happen next, by whom stands in the owner; null only when the plan is over. */
    nextAction: p.string().strictNullable(),
    nextAt: p.datetime().strictNullable(),
    /** The Task that asks a coordinator to look, once `nextAt` went by on a draft or a paused plan. */
    waitingTaskId: p.uuid().strictNullable(),
    holdReason: p.string().strictNullable(),
    activatedAt: p.datetime().strictNullable(),
    endedAt: p.datetime().strictNullable(),
    endReason: p.string().strictNullable(),
    careTeamId: p.uuid(),
    createdAt: p.datetime(),
    /** How many steps its log holds: every step makes a new version of the plan. */
    steps: p.integer(),
    version: p.integer().version(),
  },
});

/** One patient's plan over all disciplines. */
export class Plan extends PlanSchema.class {}
PlanSchema.setClass(Plan);
