import { describe, expect, it } from '@jest/globals';
import { decide, findDefects } from '@cairn/kernel';
import { safetyAlertWorkflow as machine, type SafetyAlertEvent, type SafetyAlertFacts, type SafetyAlertState } from './safety-alert.workflow.js';

const facts: readonly SafetyAlertFacts[] = [
  { byPerson: true, overdue: false },
  { byPerson: true, overdue: true },
  { byPerson: false, overdue: false },
  { byPerson: false, overdue: true },
];

/** For every state × event: the outcome for a person in time, a person too late, a job in time, a job too late. */
const table: Record<SafetyAlertState, Record<SafetyAlertEvent, readonly string[]>> = {
  raised: {
    acknowledge: ['acknowledged', 'acknowledged', 'safety-alert.person', 'safety-alert.person'],
    escalate: ['safety-alert.in-time', 'escalated', 'safety-alert.in-time', 'escalated'],
  },
  escalated: {
    acknowledge: ['acknowledged', 'acknowledged', 'safety-alert.person', 'safety-alert.person'],
    escalate: ['safety-alert.in-time', 'escalated', 'safety-alert.in-time', 'escalated'],
  },
  acknowledged: {
    acknowledge: Array(4).fill('safety-alert.no-transition'),
    escalate: Array(4).fill('safety-alert.no-transition'),
  },
};

describe('the safety alert workflow', () => {
  it('is sound', () => expect(findDefects(machine)).toEqual([]));

  describe.each(machine.states)('%s', (state) => {
    it.each(machine.events)('%s', (event) => {
      const outcomes = facts.map((fact) => {
        const decision = decide(machine, state, event, fact);
        return decision.ok ? decision.to : decision.refusal.rule;
      });
      expect(outcomes).toEqual(table[state][event]);
    });
  });
});
