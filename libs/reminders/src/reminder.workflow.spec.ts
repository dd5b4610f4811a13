import { describe, expect, it } from '@jest/globals';
import { decide, findDefects } from '@cairn/kernel';
import fc from 'fast-check';
import { REMINDER_EVENTS, REMINDER_STATES, reminderMachine, type ReminderEvent, type ReminderFacts, type ReminderState } from './reminder.workflow.js';

const free: ReminderFacts = { due: true, silent: true, answer: 'reschedule' };

/** The whole table: every state × every event. What is not named is refused. */
const TABLE: Record<ReminderState, Partial<Record<ReminderEvent, ReminderState>>> = {
  pending: { claim: 'claimed', move: 'pending', skip: 'skipped', cancel: 'cancelled' },
  claimed: { postpone: 'pending', move: 'pending', send: 'sending', escalate: 'escalated', skip: 'skipped', cancel: 'cancelled' },
  sending: { lose: 'unknown', accept: 'sent', fail: 'undelivered', deliver: 'delivered', answer: 'answered', escalate: 'escalated', skip: 'skipped', cancel: 'cancelled' },
  unknown: { accept: 'sent', fail: 'undelivered', deliver: 'delivered', answer: 'answered', escalate: 'escalated', cancel: 'cancelled' },
  sent: { fail: 'undelivered', deliver: 'delivered', answer: 'answered', escalate: 'escalated', cancel: 'cancelled' },
  undelivered: { deliver: 'delivered', answer: 'answered', escalate: 'escalated', cancel: 'cancelled' },
  delivered: { answer: 'answered', escalate: 'escalated', cancel: 'cancelled' },
  answered: { answer: 'answered', escalate: 'escalated', cancel: 'cancelled' },
  escalated: { answer: 'answered', cancel: 'cancelled' },
  skipped: {},
  cancelled: {},
};

describe('the reminder workflow', () => {
  it('has no defects', () => {
    expect(findDefects(reminderMachine)).toEqual([]);
  });

  describe.each(REMINDER_STATES)('in %s', (state) => {
    it.each(REMINDER_EVENTS)('%s', (event) => {
      const to = TABLE[state][event];
      const decision = decide(reminderMachine, state, event, free);
      if (to) expect(decision).toEqual({ ok: true, to });
      else expect(decision).toMatchObject({ ok: false, refusal: { rule: 'reminder.no-transition' } });
    });
  });

  it('refuses by the rule that it breaks', () => {
    expect(decide(reminderMachine, 'pending', 'claim', { ...free, due: false })).toMatchObject({ refusal: { rule: 'reminder.not-due' } });
    expect(decide(reminderMachine, 'delivered', 'escalate', { ...free, silent: false })).toMatchObject({ refusal: { rule: 'reminder.not-silent' } });
    expect(decide(reminderMachine, 'answered', 'escalate', { ...free, answer: 'confirmed' })).toMatchObject({ refusal: { rule: 'reminder.no-person-needed' } });
  });

  it('ends in the same state in whatever order, and however often, providers tell their news', () => {
    const news: ReminderEvent[] = ['lose', 'accept', 'fail', 'deliver'];
    const told = fc.subarray(news, { minLength: 1 }).chain((some) => fc.tuple(fc.constant(some), fc.array(fc.constantFrom(...some), { maxLength: 6 })));
    const hear = (events: readonly ReminderEvent[]): ReminderState => events.reduce<ReminderState>((state, event) => {
      const decision = decide(reminderMachine, state, event, free);
      return decision.ok ? decision.to : state;
    }, 'sending');
    fc.assert(
      fc.property(told.chain(([some, again]) => fc.tuple(fc.constant(some), fc.shuffledSubarray([...some, ...again], { minLength: some.length + again.length }))), ([some, shuffled]) => {
        expect(hear(shuffled)).toBe(hear(news.filter((event) => some.includes(event))));
      }),
    );
  });
});
