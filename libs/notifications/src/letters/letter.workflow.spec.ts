import { describe, expect, it } from '@jest/globals';
import { decide, findDefects } from '@cairn/kernel';
import { LETTER_EVENTS, LETTER_STATES, letterMachine, type LetterEvent, type LetterState } from './letter.workflow.js';

/** Where each event leads for a referrer with a mailbox and a postal address. */
const TABLE: Record<LetterState, Partial<Record<LetterEvent, LetterState>>> = {
  written: { route: 'to-mail', 'hand-over': 'to-post' },
  'to-mail': { send: 'mailing', 'hand-over': 'to-post', deliver: 'delivered' },
  mailing: { wait: 'to-mail', accept: 'mailed', 'hand-over': 'to-post', fetch: 'delivered' },
  mailed: { 'hand-over': 'to-post', fetch: 'delivered', deliver: 'delivered' },
  'to-call': { fetch: 'delivered', deliver: 'delivered' },
  'to-post': { fetch: 'delivered', deliver: 'delivered' },
  delivered: {},
};

describe('the workflow of letters to referrers', () => {
  it('has no defects', () => {
    expect(findDefects(letterMachine)).toEqual([]);
  });

  describe.each(LETTER_STATES)('in %s', (state) => {
    it.each(LETTER_EVENTS)('%s', (event) => {
      const to = TABLE[state][event];
      const decision = decide(letterMachine, state, event, { hasMail: true, hasPost: true });
      if (to) expect(decision).toEqual({ ok: true, to });
      else expect(decision).toMatchObject({ ok: false, refusal: { rule: 'letter.no-transition' } });
    });
  });

  it('mails nothing without a mailbox, and posts nothing without an address: then somebody calls', () => {
    const unreachable = { hasMail: false, hasPost: false };
    expect(decide(letterMachine, 'written', 'route', unreachable)).toMatchObject({ ok: false, refusal: { rule: 'letter.no-mailbox' } });
    expect(decide(letterMachine, 'written', 'hand-over', unreachable)).toEqual({ ok: true, to: 'to-call' });
  });
});
