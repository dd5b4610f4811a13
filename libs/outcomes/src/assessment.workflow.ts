import type { Machine } from '@cairn/kernel';

export type AssessmentState = 'requested' | 'reminded' | 'completed' | 'expired';
export type AssessmentEvent = 'remind' | 'answer' | 'expire';

/** What the table's rules look at. */
export interface AssessmentFacts {
  /** Whether the day by which it should be answered has come. */
  readonly due: boolean;
  /** Whether the time in which it can be answered is over. */
  readonly overdue: boolean;
}

const OPEN = ['requested', 'reminded'] as const;

/** One questionnaire asked of one patient. */
export const assessmentWorkflow: Machine<AssessmentState, AssessmentEvent, AssessmentFacts> = {
  name: 'assessment',
  initial: 'requested',
  states: ['requested', 'reminded', 'completed', 'expired'],
  events: ['remind', 'answer', 'expire'],
  terminal: ['completed', 'expired'],
  transitions: [
    {
      from: 'requested',
      event: 'remind',
      to: 'reminded',
      guard: ({ due, overdue }) => {
        if (!due) return { rule: 'assessment.not-due', message: 'A reminder is sent on the day by which the questionnaire should be answered, not before.' };
        return overdue ? { rule: 'assessment.over', message: 'The time to answer is over: there is nothing left to remind of.' } : undefined;
      },
    },
    {
      from: OPEN,
      event: 'answer',
      to: 'completed',
      guard: ({ overdue }) =>
        overdue ? { rule: 'assessment.over', message: 'The time to answer this questionnaire is over. Ask the clinic for a new one.' } : undefined,
    },
    {
      from: OPEN,
      event: 'expire',
      to: 'expired',
      guard: ({ overdue }) => (overdue ? undefined : { rule: 'assessment.not-over', message: 'The questionnaire can still be answered.' }),
    },
  ],
};
