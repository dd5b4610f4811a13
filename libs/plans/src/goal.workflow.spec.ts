import { describe, expect, it } from '@jest/globals';
import { decide, findDefects } from '@cairn/kernel';
import {
  ACHIEVEMENTS, ACHIEVEMENT_EVENTS, FINDING, GOAL_EVENTS, GOAL_STATES, achievementMachine, goalMachine, isLiveGoal, isSetback,
  type Achievement, type AchievementEvent, type GoalEvent, type GoalState,
} from './goal.workflow.js';

const lifecycle: Record<GoalState, Partial<Record<GoalEvent, GoalState>>> = {
  proposed: { plan: 'planned', accept: 'accepted', cancel: 'cancelled', reject: 'rejected', void: 'entered-in-error' },
  planned: { accept: 'accepted', reconsider: 'proposed', cancel: 'cancelled', reject: 'rejected', void: 'entered-in-error' },
  accepted: { reconsider: 'proposed', start: 'active', cancel: 'cancelled', void: 'entered-in-error' },
  active: { hold: 'on-hold', complete: 'completed', cancel: 'cancelled', void: 'entered-in-error' },
  'on-hold': { resume: 'active', cancel: 'cancelled', void: 'entered-in-error' },
  completed: { void: 'entered-in-error' },
  cancelled: { void: 'entered-in-error' },
  rejected: { void: 'entered-in-error' },
  'entered-in-error': {},
};

describe("a goal's lifecycle", () => {
  it('has no dead end and nothing out of reach', () => {
    expect(findDefects(goalMachine)).toEqual([]);
  });

  for (const state of GOAL_STATES) {
    for (const event of GOAL_EVENTS) {
      const to = lifecycle[state][event];
      it(to ? `${state}: ${event} leads to ${to}` : `${state}: ${event} is refused`, () => {
        expect(decide(goalMachine, state, event, {})).toMatchObject(to ? { ok: true, to } : { ok: false, refusal: { rule: 'goal.no-transition' } });
      });
    }
  }

  it('counts as live until it is over', () => {
    expect(GOAL_STATES.filter(isLiveGoal)).toEqual(['proposed', 'planned', 'accepted', 'active', 'on-hold']);
  });
});

const seeking = { seek: 'in-progress', improve: 'improving', worsen: 'worsening', stay: 'no-change', achieve: 'achieved', miss: 'not-achieved', stall: 'no-progress', 'give-up': 'not-attainable' } as const;
const reached = { seek: 'in-progress', improve: 'improving', worsen: 'worsening', achieve: 'achieved', sustain: 'sustaining', 'give-up': 'not-attainable' } as const;

const achievement: Record<Achievement, Partial<Record<AchievementEvent, Achievement>>> = {
  'in-progress': seeking,
  improving: seeking,
  worsening: seeking,
  'no-change': seeking,
  achieved: reached,
  sustaining: reached,
  'not-achieved': seeking,
  'no-progress': seeking,
  'not-attainable': { seek: 'in-progress', 'give-up': 'not-attainable' },
};

describe("a goal's achievement", () => {
  it('has no dead end and nothing out of reach', () => {
    expect(findDefects(achievementMachine)).toEqual([]);
  });

  for (const state of ACHIEVEMENTS) {
    for (const event of ACHIEVEMENT_EVENTS) {
      const to = achievement[state][event];
      it(to ? `${state}: ${event} leads to ${to}` : `${state}: ${event} is refused`, () => {
        expect(decide(achievementMachine, state, event, { lifecycle: 'active' })).toMatchObject(
          to ? { ok: true, to } : { ok: false, refusal: { rule: 'achievement.no-transition' } },
        );
      });
    }
  }

  it('is judged only while the goal is sought', () => {
    for (const state of GOAL_STATES) {
      const sought = state === 'active' || state === 'on-hold';
      expect([state, decide(achievementMachine, 'in-progress', 'improve', { lifecycle: state }).ok]).toEqual([state, sought]);
    }
  });

  it('has one event for each finding, and knows setbacks', () => {
    for (const finding of ACHIEVEMENTS) {
      const from = finding === 'sustaining' ? 'achieved' : 'in-progress';
      expect(decide(achievementMachine, from, FINDING[finding], { lifecycle: 'active' })).toEqual({ ok: true, to: finding });
    }
    expect(ACHIEVEMENTS.filter(isSetback)).toEqual(['worsening', 'not-achieved', 'no-progress', 'not-attainable']);
  });
});
