import { describe, expect, it } from '@jest/globals';
import { decide, findDefects } from '@cairn/kernel';
import { DELIVERY_EVENTS, DELIVERY_STATES, HOLDING_STATES, deliveryMachine, type DeliveryEvent, type DeliveryState } from './delivery.workflow.js';

const ready = { due: true, attemptsLeft: true };

/** Every legal step; whatever is not named here is refused. */
const LEGAL: Record<DeliveryState, Partial<Record<DeliveryEvent, DeliveryState>>> = {
  pending: { claim: 'sending' },
  failed: { claim: 'sending' },
  sending: {
    reclaim: 'sending',
    deliver: 'delivered',
    'deliver-otherwise': 'fallback',
    'find-no-form': 'not-taken',
    supersede: 'superseded',
    postpone: 'failed',
    fail: 'failed',
    'give-up': 'dead',
  },
  delivered: {},
  fallback: {},
  superseded: {},
  dismissed: {},
  'not-taken': { replay: 'pending', dismiss: 'dismissed' },
  dead: { replay: 'pending', dismiss: 'dismissed' },
};

describe('a delivery', () => {
  it('is a sound table', () => expect(findDefects(deliveryMachine)).toEqual([]));

  it.each(DELIVERY_STATES.flatMap((state) => DELIVERY_EVENTS.map((event) => [state, event] as const)))('%s, %s', (state, event) => {
    const to = LEGAL[state][event];
    const decision = decide(deliveryMachine, state, event, ready);
    expect(decision).toEqual(to ? { ok: true, to } : { ok: false, refusal: { rule: 'delivery.no-transition', message: expect.any(String) } });
  });

  it('is not claimed before its time', () => {
    const facts = { due: false, attemptsLeft: true };
    for (const [state, event] of [['pending', 'claim'], ['failed', 'claim'], ['sending', 'reclaim']] as const) {
      expect(decide(deliveryMachine, state, event, facts)).toMatchObject({ ok: false, refusal: { rule: 'delivery.not-due' } });
    }
  });

  it('waits for a person once its tries are spent', () => {
    expect(decide(deliveryMachine, 'sending', 'fail', { due: true, attemptsLeft: false })).toEqual({ ok: true, to: 'dead' });
  });

  it('holds up what comes after it only while it is on its way', () => {
    const open = DELIVERY_STATES.filter((state) => !deliveryMachine.terminal.includes(state));
    expect(open.filter((state) => !HOLDING_STATES.includes(state))).toEqual(['not-taken', 'dead']);
  });
});
