import type { Story } from '../story.js';
import { confer } from './confer.js';
import { emptyCourse, type Course, type Step } from './course.js';
import { baseline, measure } from './measure.js';
import { plan, tellPlan } from './plan.js';
import { arrive, refer } from './refer.js';
import { remind } from './remind.js';
import { close, review } from './review.js';
import { tellReferrer, triage } from './triage.js';
import type { World } from './world.js';

/** The whole way of one referral, in its order. */
export const STEPS: readonly Step[] = [refer, arrive, triage, tellReferrer, confer, plan, tellPlan, baseline, remind, measure, review, close];

export interface Telling {
  /** Which of the hospital's patients is referred; the one most in need when not named. */
  readonly hospitalPatientId?: string;
  /** Called as soon as a step has done its part. */
  readonly afterStep?: (step: Step, course: Course) => Promise<void>;
}

/** Walks the whole way. Returns what became known; throws at the first thing that isn't true. */
export async function walk(world: World, story: Story, { hospitalPatientId, afterStep }: Telling = {}): Promise<Course> {
  const course = emptyCourse(hospitalPatientId);
  for (const step of STEPS) {
    story.step(step.title);
    await step.take(world, story, course);
    await afterStep?.(step, course);
  }
  return course;
}
