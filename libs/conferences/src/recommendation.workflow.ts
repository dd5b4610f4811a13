import type { Machine } from '@cairn/kernel';

export type RecommendationState = 'proposed' | 'accepted' | 'done' | 'not-done';
export type RecommendationEvent = 'accept' | 'complete' | 'give-up' | 'lapse';

/** What the table's rules look at. */
export interface RecommendationFacts {
  /** Whether the date by which it was to be done has passed. */
  readonly overdue: boolean;
}

const OPEN = ['proposed', 'accepted'] as const;

/** One thing that the team recommended and somebody owns. What is not done comes back to the team. */
export const recommendationWorkflow: Machine<RecommendationState, RecommendationEvent, RecommendationFacts> = {
  name: 'recommendation',
  initial: 'proposed',
  states: ['proposed', 'accepted', 'done', 'not-done'],
  events: ['accept', 'complete', 'give-up', 'lapse'],
  terminal: ['done', 'not-done'],
  transitions: [
    { from: 'proposed', event: 'accept', to: 'accepted' },
    { from: OPEN, event: 'complete', to: 'done' },
    { from: OPEN, event: 'give-up', to: 'not-done' },
    {
      from: OPEN,
      event: 'lapse',
      to: 'not-done',
      guard: ({ overdue }) => (overdue ? undefined : { rule: 'recommendation.in-time', message: 'There is still time to do it.' }),
    },
  ],
};
