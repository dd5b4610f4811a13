import type { Task } from '@medplum/fhirtypes';
import { local, person, reference } from './codes.js';
import type { PlanReview } from './plan-review.entity.js';
import type { Plan } from './plan.entity.js';
import type { ReviewState } from './review.workflow.js';

/** FHIR's status of a review's Task. A missed review is still asked for: only its businessStatus says that it is late. */
const FACE: Record<ReviewState, { status: Task['status']; word: string }> = {
  due: { status: 'requested', word: 'Due' },
  missed: { status: 'requested', word: 'Missed' },
  'in-progress': { status: 'in-progress', word: 'Under way' },
  done: { status: 'completed', word: 'Done' },
  cancelled: { status: 'cancelled', word: 'Cancelled' },
};

/** A review as a Task with the review's own id; `restriction.period.end` is the date by which it is due. */
export function reviewTask(review: PlanReview, plan: Plan, changedAt: Date): Task & { id: string } {
  const { status, word } = FACE[review.state];
  const trends = (review.results?.outcomes ?? []).flatMap(({ instrument, trend }) =>
    trend === null ? [] : [{ type: local(`trend-${instrument}`, `Trend of ${instrument} against baseline`), valueCode: trend }],
  );
  return {
    resourceType: 'Task',
    id: review.id,
    identifier: [{ system: 'urn:cairn:plan-review', value: review.id }],
    basedOn: [reference('CarePlan', plan.id)],
    status,
    businessStatus: local(review.state, word),
    intent: 'plan',
    priority: 'routine',
    code: local('plan-review', 'Review of the care plan'),
    focus: reference('CarePlan', plan.id),
    for: reference('Patient', plan.patientId),
    authoredOn: review.createdAt.toISOString(),
    lastModified: changedAt.toISOString(),
    owner: person(plan.ownerPractitionerId, plan.ownerName),
    reasonCode: local(review.rule, review.because),
    restriction: { period: { end: review.dueAt.toISOString() } },
    ...(review.startedAt ? { executionPeriod: { start: review.startedAt.toISOString(), ...(review.state === 'done' && review.endedAt ? { end: review.endedAt.toISOString() } : {}) } } : {}),
    ...(trends.length > 0 ? { output: trends } : {}),
  };
}

/** What a coordinator is asked to look at. */
export interface Escalation {
  readonly id: string;
  readonly plan: Plan;
  readonly code: 'plan-review-missed' | 'plan-waiting';
  readonly text: string;
  readonly focus: `Task/${string}` | `CarePlan/${string}`;
  readonly askedAt: Date;
  readonly changedAt: Date;
  readonly status: 'requested' | 'completed' | 'cancelled';
}

/** A Task for the coordinators: what is late, and what it is about. */
export const escalationTask = ({ id, plan, code, text, focus, askedAt, changedAt, status }: Escalation): Task & { id: string } => ({
  resourceType: 'Task',
  id,
  identifier: [{ system: 'urn:cairn:escalation', value: id }],
  status,
  intent: 'order',
  priority: 'urgent',
  code: local(code, text),
  focus: { reference: focus },
  for: reference('Patient', plan.patientId),
  authoredOn: askedAt.toISOString(),
  lastModified: changedAt.toISOString(),
  performerType: [local('coordination', 'Care coordinator')],
});
