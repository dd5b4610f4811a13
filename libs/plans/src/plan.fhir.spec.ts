import { describe, expect, it } from '@jest/globals';
import { validate } from '@cairn/fhir';
import type { Resource } from '@medplum/fhirtypes';
import { goalResource } from './goal.fhir.js';
import type { PlanActivity } from './plan-activity.entity.js';
import type { PlanGoal } from './plan-goal.entity.js';
import type { PlanReview } from './plan-review.entity.js';
import type { Plan } from './plan.entity.js';
import { careTeam, carePlan } from './plan.fhir.js';
import { PLAN_STATES } from './plan.workflow.js';
import { escalationTask, reviewTask } from './review.fhir.js';
import { REVIEW_STATES } from './review.workflow.js';

const clinicId = '0190a000-0000-7000-8000-000000000001';
const at = new Date('2026-11-22T10:00:00Z');

const plan: Plan = {
  clinicId, id: '0190a000-0000-7000-8000-000000000002', patientId: 'p1', referralId: null, recommendationIds: [], state: 'active', title: 'Pain care plan', summary: 'Low back pain',
  ownerPractitionerId: 'dr1', ownerName: 'D. Octor', revision: 1, agreedRevision: 1, agreedAt: at, agreedBy: 'patient', agreedHow: 'in-person', agreementNote: null,
  agreementRecordedBy: 'D. Octor', nextAction: 'Hold the review of the plan', nextAt: at, waitingTaskId: null, holdReason: null, activatedAt: at, endedAt: null, endReason: null,
  careTeamId: '0190a000-0000-7000-8000-000000000003', createdAt: at, steps: 1, version: 1,
};
const goal: PlanGoal = {
  clinicId, id: '0190a000-0000-7000-8000-000000000004', planId: plan.id, position: 0, description: 'Walk the dog', measure: 'Minutes walked', measureLoinc: null, targetValue: 15,
  targetUnit: 'min', dueDate: '2027-02-01', milestones: [{ text: 'Five minutes', dueDate: '2026-12-24', reachedOn: '2026-12-20' }], lifecycle: 'active', achievement: 'improving', version: 1,
};
const activity: PlanActivity = {
  clinicId, id: '0190a000-0000-7000-8000-000000000005', planId: plan.id, position: 0, kind: 'treatment', discipline: 'physiotherapy', description: 'Graded walking', ownedByPatient: false,
  ownerPractitionerId: null, ownerName: 'P. Therapist', cadence: { times: 2, every: 1, unit: 'week' }, dueDate: null, goalIds: [goal.id], recommendationId: null, reference: null,
  status: 'in-progress', statusReason: null, doneAt: null, version: 1,
};
const homework: PlanActivity = { ...activity, kind: 'home-programme', ownedByPatient: true, ownerName: null, cadence: null, dueDate: '2026-12-01' };
const review: PlanReview = {
  clinicId, id: '0190a000-0000-7000-8000-000000000006', planId: plan.id, patientId: 'p1', state: 'due', dueAt: new Date('2027-02-14T10:00:00Z'), graceUntil: new Date('2027-02-28T10:00:00Z'),
  rule: 'plan-default', because: 'every plan is reviewed after 12 weeks at the latest', tableVersion: 't', mme: { status: 'none' }, toldAt: null, escalationTaskId: null, startedAt: null,
  endedAt: null, heldBy: null, results: null, createdAt: at, version: 1,
};

const valid = <T extends Resource>(resource: T): T => {
  validate({ ...resource });
  return resource;
};

describe('the faces of a care plan', () => {
  it('is a CarePlan with intent plan, the pain category, its goals and its team', () => {
    const resource = valid(carePlan({ plan, goals: [goal], activities: [activity, homework], serviceRequestId: 'sr1' }));
    expect(resource).toMatchObject({
      status: 'active',
      intent: 'plan',
      category: [{ coding: [{ code: 'assess-plan' }] }, { coding: [{ system: 'http://loinc.org', code: '80764-4' }] }],
      goal: [{ reference: `Goal/${goal.id}` }],
      careTeam: [{ reference: `CareTeam/${plan.careTeamId}` }],
      supportingInfo: [{ reference: 'ServiceRequest/sr1' }],
      note: [{ text: 'Agreed by the patient, in person.' }],
    });
  });

  it('shows an activity in detail, or by the request that carries it out, never both (cpl-3)', () => {
    const referred = { ...activity, reference: 'ServiceRequest/sr2' };
    const { activity: [first, second, third] = [] } = valid(carePlan({ plan, goals: [goal], activities: [activity, homework, referred] }));
    expect(first).toMatchObject({ detail: { status: 'in-progress', performer: [{ display: 'P. Therapist' }], scheduledTiming: { repeat: { frequency: 2, period: 1, periodUnit: 'wk' } } } });
    expect(second).toMatchObject({ detail: { performer: [{ reference: 'Patient/p1' }], scheduledPeriod: { end: '2026-12-01' } } });
    expect(third).toEqual({ reference: { reference: 'ServiceRequest/sr2', display: 'Graded walking' } });
  });

  it('has a valid CarePlan and CareTeam in every state', () => {
    for (const state of PLAN_STATES) {
      const resource = valid(carePlan({ plan: { ...plan, state, summary: null, activatedAt: null, agreedAt: null }, goals: [], activities: [] }));
      expect(resource.status).toBe(state);
      expect(resource.goal).toBeUndefined();
      valid(careTeam({ plan: { ...plan, state, endedAt: at }, goals: [], activities: [activity] }));
    }
  });

  it('names each member of the team once, with all their fields', () => {
    const { participant } = valid(careTeam({ plan, goals: [], activities: [activity, { ...activity, discipline: 'education' }, homework] }));
    expect(participant?.map(({ member, role }) => [member?.display, role?.map(({ text }) => text)])).toEqual([
      ['D. Octor', ['plan owner']],
      ['P. Therapist', ['physiotherapy', 'education']],
    ]);
  });

  it('is a Goal with lifecycle, achievement and a target that has its measure (gol-1)', () => {
    expect(valid(goalResource(goal, plan))).toMatchObject({
      lifecycleStatus: 'active',
      achievementStatus: { coding: [{ code: 'improving' }] },
      target: [
        { measure: { text: 'Minutes walked' }, detailQuantity: { value: 15, unit: 'min' }, dueDate: '2027-02-01' },
        { measure: { text: 'Milestone' }, detailString: 'Five minutes', dueDate: '2026-12-24' },
      ],
      note: [{ text: 'Milestone reached on 2026-12-20: Five minutes' }],
    });
    const bare = valid(goalResource({ ...goal, measure: null, targetValue: null, targetUnit: null, dueDate: null, milestones: [], achievement: null, lifecycle: 'proposed' }, plan));
    expect(bare.target).toBeUndefined();
  });
});

describe('the face of a review', () => {
  it('is a Task that says until when, and by which rule', () => {
    expect(valid(reviewTask(review, plan, at))).toMatchObject({
      status: 'requested',
      focus: { reference: `CarePlan/${plan.id}` },
      for: { reference: 'Patient/p1' },
      reasonCode: { text: 'every plan is reviewed after 12 weeks at the latest' },
      restriction: { period: { end: '2027-02-14T10:00:00.000Z' } },
    });
  });

  it('never goes backwards: a missed review is still requested', () => {
    const statuses = REVIEW_STATES.map((state) => valid(reviewTask({ ...review, state, ...(state === 'done' ? { startedAt: at, endedAt: at } : {}) }, plan, at)).status);
    expect(statuses).toEqual(['requested', 'in-progress', 'requested', 'completed', 'cancelled']);
  });

  it('asks a coordinator when something is late', () => {
    const task = valid(escalationTask({ id: review.id, plan, code: 'plan-review-missed', text: 'A plan review was missed', focus: `Task/${review.id}`, askedAt: at, changedAt: at, status: 'requested' }));
    expect(task).toMatchObject({ priority: 'urgent', performerType: [{ coding: [{ code: 'coordination' }] }] });
  });
});
