import { describe, expect, it } from '@jest/globals';
import { decide, findDefects } from '@cairn/kernel';
import { MESSAGE_EVENTS, MESSAGE_STATES, messageMachine, type MessageEvent, type MessageState } from './message.workflow.js';

const TABLE: Record<MessageState, Partial<Record<MessageEvent, MessageState>>> = {
  queued: { send: 'sending', wait: 'queued', accept: 'sent', fail: 'failed', deliver: 'delivered', drop: 'dropped', cancel: 'cancelled' },
  sending: { retry: 'queued', lose: 'unknown', accept: 'sent', fail: 'failed', deliver: 'delivered' },
  unknown: { repeat: 'queued', accept: 'sent', fail: 'failed', deliver: 'delivered' },
  sent: { fail: 'failed', deliver: 'delivered' },
  failed: { deliver: 'delivered' },
  delivered: {},
  dropped: {},
  cancelled: {},
};

describe('the message workflow', () => {
  it('has no defects', () => {
    expect(findDefects(messageMachine)).toEqual([]);
  });

  describe.each(MESSAGE_STATES)('in %s', (state) => {
    it.each(MESSAGE_EVENTS)('%s', (event) => {
      const to = TABLE[state][event];
      const decision = decide(messageMachine, state, event, { repeatsSafely: true });
      if (to) expect(decision).toEqual({ ok: true, to });
      else expect(decision).toMatchObject({ ok: false, refusal: { rule: 'message.no-transition' } });
    });
  });

  it('never repeats an unknown message where the provider does not recognise it', () => {
    expect(decide(messageMachine, 'unknown', 'repeat', { repeatsSafely: false })).toMatchObject({ ok: false, refusal: { rule: 'message.not-repeatable' } });
  });
});
