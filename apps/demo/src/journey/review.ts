import { eventually } from '../eventually.js';
import { must } from '../story.js';
import type { Step } from './course.js';
import { taskWithStatus } from './hospital-records.js';
import { waitUntil } from './world.js';

interface Review {
  readonly state: string;
  readonly dueAt: string;
  readonly results: { readonly outcomes?: readonly { readonly trend: string | null }[] } | null;
}

interface Plan {
  readonly goals: readonly { readonly description: string; readonly achievement: string | null }[];
  readonly review: { readonly dueAt: string; readonly because: string } | null;
}

/** The review falls due and is held; the plan shows what came of it. */
export const review: Step = {
  name: 'review',
  title: 'The review is due, and done',
  async take(world, story, course) {
    const clinician = await world.staff('clinician');
    const path = `/api/v1/plan-reviews/${course.reviewId}`;
    const { dueAt } = await clinician.get<Review>(path);
    await waitUntil(world, new Date(dueAt));
    await eventually('the review stands on the worklist of what is due', async () => {
      const { items } = await clinician.get<{ items: readonly { readonly id: string }[] }>(`/api/v1/plan-reviews?patient=${course.patientId}&dueBefore=${encodeURIComponent(new Date(new Date(dueAt).getTime() + 1_000).toISOString())}`);
      return items.find(({ id }) => id === course.reviewId);
    });
    story.sees('Coordinator', `the review of ${dueAt.slice(0, 10)} is due`);
    await clinician.act(path, 'start');
    const body = await clinician.act<Review>(path, 'completion', {
      goals: [{ goalId: course.goalId, achievement: 'improving', value: 10 }],
      activities: course.activityIds.map((activityId) => ({ activityId, decision: 'continue' })),
      summary: 'Walks ten minutes most days; sleeps better.',
      nextStep: 'Twelve minutes, five days a week',
      agreement: { by: 'patient', how: 'in-person' },
    });
    must(body.state === 'done', `the review is done (it is ${body.state})`);
    const plan = await clinician.get<Plan>(`/api/v1/plans/${course.planId}`);
    must(plan.goals[0]?.achievement === 'improving', 'the plan shows that the goal is nearer');
    must(plan.review, 'the plan has its next review');
    story.sees('Clinician', `plan: “${plan.goals[0].description}” is ${plan.goals[0].achievement}; next review on ${plan.review.dueAt.slice(0, 10)}`);
  },
};

/** The referral is closed, and the referrer reads its outcome. */
export const close: Step = {
  name: 'close',
  title: 'The referral is closed, and its outcome returns',
  async take(world, story, course) {
    const coordinator = await world.staff('coordinator');
    const path = `/api/v1/referrals/${course.referralId}`;
    await coordinator.act(path, 'closure', { summary: 'Plan agreed and under way; pain interference has improved. The clinic goes on with the reviews.' });
    const task = await taskWithStatus(world, course.placer, 'completed');
    story.sees('Hospital', `its Task says "completed"${task.output?.length ? `, with ${task.output.length} output` : ''}`);
  },
};
