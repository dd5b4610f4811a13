import { describe, expect, it } from '@jest/globals';
import { decide, findDefects } from '@cairn/kernel';
import { OPEN_PLAN_STATES, PLAN_EVENTS, PLAN_STATES, isEditable, planMachine, type PlanEvent, type PlanFacts, type PlanState } from './plan.workflow.js';

const ready: PlanFacts = { revision: 3, agreedRevision: 3, goals: 1, reviewInProgress: false };

const table: Record<PlanState, Partial<Record<PlanEvent, PlanState>>> = {
  draft: { activate: 'active', revoke: 'revoked', void: 'entered-in-error' },
  active: { hold: 'on-hold', complete: 'completed', revoke: 'revoked', void: 'entered-in-error' },
  'on-hold': { resume: 'active', revoke: 'revoked', void: 'entered-in-error' },
  completed: { void: 'entered-in-error' },
  revoked: { void: 'entered-in-error' },
  'entered-in-error': {},
};

const ruleOf = (state: PlanState, event: PlanEvent, facts: PlanFacts): string | undefined => {
  const decision = decide(planMachine, state, event, facts);
  return decision.ok ? undefined : decision.refusal.rule;
};

describe('the care plan', () => {
  it('has no dead end and nothing out of reach', () => {
    expect(findDefects(planMachine)).toEqual([]);
  });

  for (const state of PLAN_STATES) {
    for (const event of PLAN_EVENTS) {
      const to = table[state][event];
      it(to ? `${state}: ${event} leads to ${to}` : `${state}: ${event} is refused`, () => {
        expect(decide(planMachine, state, event, ready)).toMatchObject(to ? { ok: true, to } : { ok: false, refusal: { rule: 'plan.no-transition' } });
      });
    }
  }

  it("becomes active only with a goal and the patient's agreement to its present wording", () => {
    expect(ruleOf('draft', 'activate', { ...ready, goals: 0 })).toBe('plan.goal-needed');
    expect(ruleOf('draft', 'activate', { ...ready, agreedRevision: undefined })).toBe('plan.agreement-needed');
    expect(ruleOf('draft', 'activate', { ...ready, agreedRevision: 2 })).toBe('plan.agreement-outdated');
  });

  it('neither pauses nor ends in the middle of a review, save when it was entered in error', () => {
    const reviewing = { ...ready, reviewInProgress: true };
    expect((['hold', 'complete', 'revoke'] as const).map((event) => ruleOf('active', event, reviewing))).toEqual(Array(3).fill('plan.review-in-progress'));
    expect(ruleOf('active', 'void', reviewing)).toBeUndefined();
  });

  it('can be edited as a draft only, and is open until it ends', () => {
    expect(PLAN_STATES.filter(isEditable)).toEqual(['draft']);
    expect(OPEN_PLAN_STATES.every((state) => Object.keys(table[state]).includes('revoke'))).toBe(true);
  });
});
