import type { CarePlan, CarePlanActivity, CareTeam, CareTeamParticipant, Timing } from '@medplum/fhirtypes';
import { local, person, reference } from './codes.js';
import type { ActivityCadence, ActivityKind, PlanActivity } from './plan-activity.entity.js';
import type { PlanGoal } from './plan-goal.entity.js';
import type { Plan } from './plan.entity.js';

const PLAN_CATEGORY = 'http://hl7.org/fhir/us/core/CodeSystem/careplan-category';
const LOINC = 'http://loinc.org';

const KIND_WORDS: Record<ActivityKind, string> = {
  treatment: 'Treatment',
  'home-programme': 'Home programme',
  'flare-up-plan': 'Plan for a flare-up',
  'next-step': 'Next small step',
  'problem-solving': 'Problem solving',
};

const HOW_WORDS: Record<NonNullable<Plan['agreedHow']>, string> = { 'in-person': 'in person', video: 'by video', phone: 'by telephone', written: 'in writing' };

const UNIT_CODES = { day: 'd', week: 'wk', month: 'mo' } as const satisfies Record<ActivityCadence['unit'], string>;

const timing = ({ times, every, unit }: ActivityCadence): Timing => ({ repeat: { frequency: times, period: every, periodUnit: UNIT_CODES[unit] } });

/** What is known of the plan besides its own row. */
export interface PlanParts {
  readonly plan: Plan;
  readonly goals: readonly PlanGoal[];
  readonly activities: readonly PlanActivity[];
  /** The referral's ServiceRequest. */
  readonly serviceRequestId?: string;
}

/**
 * The CarePlan of a plan: intent plan, category assess-plan with LOINC 80764-4 (pain medicine plan of care). An activity that a request
 * carries out names that request; every other stands in detail. Never both (invariant cpl-3).
 */
export function carePlan({ plan, goals, activities, serviceRequestId }: PlanParts): CarePlan & { id: string } {
  return {
    resourceType: 'CarePlan',
    id: plan.id,
    identifier: [{ system: 'urn:cairn:care-plan', value: plan.id }],
    status: plan.state,
    intent: 'plan',
    category: [
      { coding: [{ system: PLAN_CATEGORY, code: 'assess-plan', display: 'Assessment and Plan of Treatment' }] },
      { coding: [{ system: LOINC, code: '80764-4', display: 'Pain medicine Plan of care note' }] },
    ],
    title: plan.title,
    ...(plan.summary ? { description: plan.summary } : {}),
    subject: reference('Patient', plan.patientId),
    ...(plan.activatedAt ? { period: { start: plan.activatedAt.toISOString(), ...(plan.endedAt ? { end: plan.endedAt.toISOString() } : {}) } } : {}),
    created: plan.createdAt.toISOString(),
    author: person(plan.ownerPractitionerId, plan.ownerName),
    careTeam: [reference('CareTeam', plan.careTeamId)],
    ...(serviceRequestId ? { supportingInfo: [reference('ServiceRequest', serviceRequestId)] } : {}),
    ...(goals.length > 0 ? { goal: goals.map(({ id }) => reference('Goal', id)) } : {}),
    ...(activities.length > 0 ? { activity: activities.map((activity) => activityOf(activity, plan)) } : {}),
    ...(plan.agreedAt && plan.agreedHow
      ? { note: [{ time: plan.agreedAt.toISOString(), text: `Agreed by the ${plan.agreedBy ?? 'patient'}, ${HOW_WORDS[plan.agreedHow]}.` }] }
      : {}),
  };
}

function activityOf(activity: PlanActivity, plan: Plan): CarePlanActivity {
  if (activity.reference) return { reference: { reference: activity.reference, display: activity.description } };
  return {
    detail: {
      code: local(activity.kind, KIND_WORDS[activity.kind]),
      status: activity.status,
      ...(activity.statusReason ? { statusReason: { text: activity.statusReason } } : {}),
      description: activity.description,
      ...(activity.goalIds.length > 0 ? { goal: activity.goalIds.map((id) => reference('Goal', id)) } : {}),
      ...(activity.cadence
        ? { scheduledTiming: timing(activity.cadence) }
        : activity.dueDate
          ? { scheduledPeriod: { end: activity.dueDate } }
          : {}),
      performer: [activity.ownerName === null ? reference('Patient', plan.patientId) : person(activity.ownerPractitionerId, activity.ownerName)],
    },
  };
}

/** The people of a plan: its owner and those who own an activity, each with their fields of care. */
export function careTeam({ plan, activities }: PlanParts): CareTeam & { id: string } {
  const members = new Map<string, { member: ReturnType<typeof person>; fields: Set<string> }>();
  const add = (practitionerId: string | null, name: string, field: string): void => {
    const key = practitionerId ?? name;
    const known = members.get(key) ?? { member: person(practitionerId, name), fields: new Set() };
    known.fields.add(field);
    members.set(key, known);
  };
  add(plan.ownerPractitionerId, plan.ownerName, 'plan-owner');
  for (const { ownerPractitionerId, ownerName, discipline } of activities) if (ownerName !== null) add(ownerPractitionerId, ownerName, discipline);
  const participants: CareTeamParticipant[] = [...members.values()].map(({ member, fields }) => ({
    role: [...fields].map((field) => local(field, field.replaceAll('-', ' '))),
    member,
  }));
  return {
    resourceType: 'CareTeam',
    id: plan.careTeamId,
    identifier: [{ system: 'urn:cairn:care-team', value: plan.careTeamId }],
    status: TEAM_STATUS[plan.state],
    name: 'Care plan team',
    subject: reference('Patient', plan.patientId),
    ...(plan.activatedAt ? { period: { start: plan.activatedAt.toISOString(), ...(plan.endedAt ? { end: plan.endedAt.toISOString() } : {}) } } : {}),
    participant: participants,
  };
}

const TEAM_STATUS = {
  draft: 'proposed',
  active: 'active',
  'on-hold': 'suspended',
  completed: 'inactive',
  revoked: 'inactive',
  'entered-in-error': 'entered-in-error',
} as const satisfies Record<Plan['state'], CareTeam['status']>;
