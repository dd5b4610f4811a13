import type { Story } from '../story.js';
import type { World } from './world.js';

/** What became known on the way: each step adds what later ones need. */
export interface Course {
  /** Which of the hospital's patients it refers; the one most in need when not named. */
  hospitalPatientId?: string;
  placer: string;
  referralId: string;
  patientId: string;
  patientName: string;
  recommendationIds: string[];
  planId: string;
  goalId: string;
  activityIds: string[];
  reviewId: string;
  baseline: string;
  followUp: string;
}

/** One step: what is done, and what each party then sees. It throws when something isn't true. */
export interface Step {
  readonly name: string;
  readonly title: string;
  take(world: World, story: Story, course: Course): Promise<void>;
}

export const emptyCourse = (hospitalPatientId?: string): Course => ({
  ...(hospitalPatientId === undefined ? {} : { hospitalPatientId }),
  placer: '',
  referralId: '',
  patientId: '',
  patientName: '',
  recommendationIds: [],
  planId: '',
  goalId: '',
  activityIds: [],
  reviewId: '',
  baseline: '',
  followUp: '',
});
