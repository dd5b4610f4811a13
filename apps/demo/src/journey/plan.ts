import type { CarePlan, DocumentReference } from '@medplum/fhirtypes';
import { eventually } from '../eventually.js';
import { must } from '../story.js';
import type { Step } from './course.js';
import { recordsOf, taskWithStatus } from './hospital-records.js';
import { hospitalOf, presentTime } from './world.js';

interface Plan {
  readonly id: string;
  readonly state: string;
  readonly title: string;
  readonly summary: string | null;
  readonly owner: object;
  readonly goals: readonly { readonly id: string; readonly description: string }[];
  readonly activities: readonly { readonly id: string; readonly description: string }[];
  readonly review: { readonly id: string; readonly dueAt: string; readonly because: string } | null;
}

/** LOINC: Pain medicine Plan of care note. */
const PLAN_DOCUMENT = encodeURIComponent('http://loinc.org|80764-4');
const WEEKS_8 = 56 * 24 * 3_600_000;

/** A plan is drafted from what the team recommended, agreed with the patient and activated. */
export const plan: Step = {
  name: 'plan',
  title: 'A care plan is drafted, agreed and activated',
  async take(world, story, course) {
    const clinician = await world.staff('clinician');
    const dueDate = new Date((await presentTime(world)).getTime() + WEEKS_8).toISOString().slice(0, 10);
    let { body } = await clinician.post<Plan>('/api/v1/plans', {
      recommendationIds: course.recommendationIds,
      title: 'Back to walking',
      goals: [
        { description: 'Walk 15 minutes every day', measure: 'Minutes walked without a rest', target: { value: 15, unit: 'min' }, dueDate, milestones: [{ text: '5 minutes, three days a week' }] },
      ],
    });
    const path = `/api/v1/plans/${body.id}`;
    story.sees('Clinician', `drafts a plan: goal “${body.goals[0]?.description ?? ''}”, ${body.activities.length} activities from the recommendations`);
    await clinician.act(path, 'agreement', { by: 'patient', how: 'in-person' });
    for (const channel of ['sms', 'email']) await clinician.post(`/api/v1/patients/${course.patientId}/consents`, { topic: 'questionnaires', channel, given: true, how: 'in-person' });
    story.sees('Patient', 'agrees to the plan, and to getting questionnaires by text and mail');
    body = await clinician.act<Plan>(path, 'activation');
    must(body.state === 'active' && body.review, `the plan is active and has its first review (it is ${body.state})`);
    course.planId = body.id;
    course.goalId = body.goals[0]?.id ?? '';
    course.activityIds = body.activities.map(({ id }) => id);
    course.reviewId = body.review.id;
    story.sees('Clinician', `activates it; the first review is due on ${body.review.dueAt.slice(0, 10)}: ${body.review.because}`);
  },
};

/** The hospital learns of the plan, as a CarePlan or in the richest form it takes. */
export const tellPlan: Step = {
  name: 'tell-plan',
  title: 'The plan arrives in the hospital',
  async take(world, story, course) {
    const task = await taskWithStatus(world, course.placer, 'in-progress');
    const patient = task.for?.reference ?? '';
    const { profile } = await hospitalOf(world).get<{ profile: string }>('/sandbox/profile');
    const arrived = await eventually('the plan is in the hospital', async () => {
      if (profile === 'full') {
        const [carePlan] = await recordsOf<CarePlan>(world, 'CarePlan', `subject=${patient}&_sort=-_lastUpdated`);
        return carePlan?.status === 'active' && `a CarePlan “${carePlan.title ?? ''}” with ${carePlan.goal?.length ?? 0} goal and ${carePlan.activity?.length ?? 0} activities`;
      }
      const [document] = await recordsOf<DocumentReference>(world, 'DocumentReference', `subject=${patient}&type=${PLAN_DOCUMENT}`);
      return document && `a document “${document.description ?? ''}”, since it takes no CarePlan`;
    });
    story.sees('Hospital', `receives ${arrived}; its Task says "in-progress"`);
  },
};
