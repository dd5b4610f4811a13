import { describe, expect, it } from '@jest/globals';
import { decide, findDefects } from '@cairn/kernel';
import { ACTIVITY_EVENTS, ACTIVITY_STATES, activityMachine, endOf, isOpenActivity, type ActivityEvent, type ActivityState } from './activity.workflow.js';

const table: Record<ActivityState, Partial<Record<ActivityEvent, ActivityState>>> = {
  'not-started': { schedule: 'scheduled', start: 'in-progress', cancel: 'cancelled', void: 'entered-in-error' },
  scheduled: { start: 'in-progress', hold: 'on-hold', complete: 'completed', cancel: 'cancelled', 'lose-sight': 'unknown', void: 'entered-in-error' },
  'in-progress': { hold: 'on-hold', complete: 'completed', stop: 'stopped', 'lose-sight': 'unknown', void: 'entered-in-error' },
  'on-hold': { resume: 'in-progress', stop: 'stopped', 'lose-sight': 'unknown', void: 'entered-in-error' },
  completed: { void: 'entered-in-error' },
  cancelled: { void: 'entered-in-error' },
  stopped: { void: 'entered-in-error' },
  unknown: { schedule: 'scheduled', start: 'in-progress', complete: 'completed', cancel: 'cancelled', stop: 'stopped', void: 'entered-in-error' },
  'entered-in-error': {},
};

describe("an activity's status", () => {
  it('has no dead end and nothing out of reach', () => {
    expect(findDefects(activityMachine)).toEqual([]);
  });

  for (const state of ACTIVITY_STATES) {
    for (const event of ACTIVITY_EVENTS) {
      const to = table[state][event];
      it(to ? `${state}: ${event} leads to ${to}` : `${state}: ${event} is refused`, () => {
        expect(decide(activityMachine, state, event, { planActive: true, reason: true })).toMatchObject(
          to ? { ok: true, to } : { ok: false, refusal: { rule: 'activity.no-transition' } },
        );
      });
    }
  }

  it('begins and goes on only while the plan is active', () => {
    for (const [state, event] of [['not-started', 'schedule'], ['not-started', 'start'], ['on-hold', 'resume'], ['in-progress', 'complete']] as const) {
      expect(decide(activityMachine, state, event, { planActive: false, reason: true })).toMatchObject({ ok: false, refusal: { rule: 'activity.plan-not-active' } });
    }
  });

  it('is held, ended early, lost from sight or voided only with a reason', () => {
    for (const [state, event] of [['in-progress', 'hold'], ['scheduled', 'cancel'], ['in-progress', 'stop'], ['scheduled', 'lose-sight'], ['completed', 'void']] as const) {
      expect(decide(activityMachine, state, event, { planActive: true, reason: false })).toMatchObject({ ok: false, refusal: { rule: 'activity.reason-needed' } });
    }
  });

  it('ends by the event its state allows', () => {
    for (const state of ACTIVITY_STATES.filter(isOpenActivity)) {
      expect([state, decide(activityMachine, state, endOf(state), { planActive: true, reason: true }).ok]).toEqual([state, true]);
    }
  });
});
