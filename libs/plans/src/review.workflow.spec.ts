import { describe, expect, it } from '@jest/globals';
import { decide, findDefects } from '@cairn/kernel';
import { REVIEW_EVENTS, REVIEW_STATES, reviewMachine, type ReviewEvent, type ReviewFacts, type ReviewState } from './review.workflow.js';

const day = 86_400_000;
const duePast: ReviewFacts = { now: 20 * day, dueAt: 30 * day, graceUntil: 44 * day, newDueAt: 25 * day, goalsUnjudged: 0 };
const overdue: ReviewFacts = { ...duePast, now: 45 * day };

const table: Record<ReviewState, Partial<Record<ReviewEvent, ReviewState>>> = {
  due: { move: 'due', postpone: 'due', start: 'in-progress', miss: 'missed', cancel: 'cancelled' },
  'in-progress': { complete: 'done', cancel: 'cancelled' },
  missed: { start: 'in-progress', cancel: 'cancelled' },
  done: {},
  cancelled: {},
};

const ruleOf = (state: ReviewState, event: ReviewEvent, facts: ReviewFacts): string | undefined => {
  const decision = decide(reviewMachine, state, event, facts);
  return decision.ok ? undefined : decision.refusal.rule;
};

describe('a plan review', () => {
  it('has no dead end and nothing out of reach', () => {
    expect(findDefects(reviewMachine)).toEqual([]);
  });

  for (const state of REVIEW_STATES) {
    for (const event of REVIEW_EVENTS) {
      const to = table[state][event];
      it(to ? `${state}: ${event} leads to ${to}` : `${state}: ${event} is refused`, () => {
        const facts = event === 'miss' ? overdue : duePast;
        expect(decide(reviewMachine, state, event, facts)).toMatchObject(to ? { ok: true, to } : { ok: false, refusal: { rule: 'review.no-transition' } });
      });
    }
  }

  it('is moved by a rule to an earlier date only', () => {
    expect(ruleOf('due', 'move', { ...duePast, newDueAt: 30 * day })).toBe('review.not-sooner');
    expect(ruleOf('due', 'move', { ...duePast, newDueAt: 31 * day })).toBe('review.not-sooner');
  });

  it('is put off by a person within the grace of its rule, and never into the past', () => {
    expect(ruleOf('due', 'postpone', { ...duePast, newDueAt: 44 * day })).toBeUndefined();
    expect(ruleOf('due', 'postpone', { ...duePast, newDueAt: 45 * day })).toBe('review.past-grace');
    expect(ruleOf('due', 'postpone', { ...duePast, newDueAt: 19 * day })).toBe('review.date-past');
  });

  it('is missed when the days of grace are over, not before', () => {
    expect(ruleOf('due', 'miss', { ...duePast, now: 44 * day })).toBe('review.not-overdue');
    expect(ruleOf('due', 'miss', { ...duePast, now: 44 * day + 1 })).toBeUndefined();
  });

  it('is done only when it says how each goal stands and what becomes of each activity', () => {
    expect(ruleOf('in-progress', 'complete', { ...duePast, goalsUnjudged: 1 })).toBe('review.goals-unjudged');
    expect(ruleOf('in-progress', 'complete', { ...duePast, activitiesUndecided: 2 })).toBe('review.activities-undecided');
  });
});
