import { describe, expect, it } from '@jest/globals';
import { decide, findDefects } from '@cairn/kernel';
import { recommendationWorkflow as machine, type RecommendationEvent, type RecommendationState } from './recommendation.workflow.js';

const NO = 'recommendation.no-transition';

/** For every state × event: the outcome in time and overdue. */
const table: Record<RecommendationState, Record<RecommendationEvent, readonly [string, string]>> = {
  proposed: {
    accept: ['accepted', 'accepted'],
    complete: ['done', 'done'],
    'give-up': ['not-done', 'not-done'],
    lapse: ['recommendation.in-time', 'not-done'],
  },
  accepted: {
    accept: [NO, NO],
    complete: ['done', 'done'],
    'give-up': ['not-done', 'not-done'],
    lapse: ['recommendation.in-time', 'not-done'],
  },
  done: { accept: [NO, NO], complete: [NO, NO], 'give-up': [NO, NO], lapse: [NO, NO] },
  'not-done': { accept: [NO, NO], complete: [NO, NO], 'give-up': [NO, NO], lapse: [NO, NO] },
};

describe('the recommendation workflow', () => {
  it('is sound', () => expect(findDefects(machine)).toEqual([]));

  describe.each(machine.states)('%s', (state) => {
    it.each(machine.events)('%s', (event) => {
      const outcomes = [false, true].map((overdue) => {
        const decision = decide(machine, state, event, { overdue });
        return decision.ok ? decision.to : decision.refusal.rule;
      });
      expect(outcomes).toEqual(table[state][event]);
    });
  });
});
