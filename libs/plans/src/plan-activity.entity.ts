import { DISCIPLINES } from '@cairn/people';
import { defineEntity, p } from '@mikro-orm/postgresql';
import type { ActivityState } from './activity.workflow.js';

/** What part an activity plays in the plan. */
export const ACTIVITY_KINDS = ['treatment', 'home-programme', 'flare-up-plan', 'next-step', 'problem-solving'] as const;
export type ActivityKind = (typeof ACTIVITY_KINDS)[number];

/** The disciplines of the team, and the fields of care that are nobody's alone. */
export const ACTIVITY_DISCIPLINES = [...DISCIPLINES, 'interventional', 'vocational', 'complementary', 'education', 'self-management'] as const;
export type ActivityDiscipline = (typeof ACTIVITY_DISCIPLINES)[number];

export const CADENCE_UNITS = ['day', 'week', 'month'] as const;

/** How often: so many times in every so many days, weeks or months. */
export interface ActivityCadence {
  readonly times: number;
  readonly every: number;
  readonly unit: (typeof CADENCE_UNITS)[number];
}

const PlanActivitySchema = defineEntity({
  name: 'PlanActivity',
  tableName: 'plan_activity',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    planId: p.uuid(),
    position: p.integer(),
    kind: p.string().$type<ActivityKind>(),
    discipline: p.string().$type<ActivityDiscipline>(),
    description: p.string(),
    /** Who does it: the patient, or somebody of the team. */
    ownedByPatient: p.boolean(),
    ownerPractitionerId: p.string().strictNullable(),
    ownerName: p.string().strictNullable(),
    cadence: p.json().$type<ActivityCadence>().strictNullable(),
    dueDate: p.date().$type<string>().strictNullable(),
    goalIds: p.array(),
    recommendationId: p.uuid().strictNullable(),
    /** FHIR reference of the request that carries the activity out, such as a place in a programme. */
    reference: p.string().strictNullable(),
    status: p.string().$type<ActivityState>(),
    statusReason: p.string().strictNullable(),
    doneAt: p.datetime().strictNullable(),
    version: p.integer().version(),
  },
});

/** Something that is done towards the goals. */
export class PlanActivity extends PlanActivitySchema.class {}
PlanActivitySchema.setClass(PlanActivity);
