import { describe, expect, it } from '@jest/globals';
import { decide, findDefects } from '@cairn/kernel';
import { assessmentWorkflow as machine, type AssessmentEvent, type AssessmentFacts, type AssessmentState } from './assessment.workflow.js';

const open: AssessmentFacts = { due: false, overdue: false };
const due: AssessmentFacts = { due: true, overdue: false };
const overdue: AssessmentFacts = { due: true, overdue: true };

/** For every state × event: the outcome before the due day, on it, and after the time to answer. */
const table: Record<AssessmentState, Record<AssessmentEvent, readonly [string, string, string]>> = {
  requested: {
    remind: ['assessment.not-due', 'reminded', 'assessment.over'],
    answer: ['completed', 'completed', 'assessment.over'],
    expire: ['assessment.not-over', 'assessment.not-over', 'expired'],
  },
  reminded: {
    remind: ['assessment.no-transition', 'assessment.no-transition', 'assessment.no-transition'],
    answer: ['completed', 'completed', 'assessment.over'],
    expire: ['assessment.not-over', 'assessment.not-over', 'expired'],
  },
  completed: {
    remind: ['assessment.no-transition', 'assessment.no-transition', 'assessment.no-transition'],
    answer: ['assessment.no-transition', 'assessment.no-transition', 'assessment.no-transition'],
    expire: ['assessment.no-transition', 'assessment.no-transition', 'assessment.no-transition'],
  },
  expired: {
    remind: ['assessment.no-transition', 'assessment.no-transition', 'assessment.no-transition'],
    answer: ['assessment.no-transition', 'assessment.no-transition', 'assessment.no-transition'],
    expire: ['assessment.no-transition', 'assessment.no-transition', 'assessment.no-transition'],
  },
};

describe('the assessment workflow', () => {
  it('is sound', () => expect(findDefects(machine)).toEqual([]));

  describe.each(machine.states)('%s', (state) => {
    it.each(machine.events)('%s', (event) => {
      const outcomes = [open, due, overdue].map((facts) => {
        const decision = decide(machine, state, event, facts);
        return decision.ok ? decision.to : decision.refusal.rule;
      });
      expect(outcomes).toEqual(table[state][event]);
    });
  });
});
