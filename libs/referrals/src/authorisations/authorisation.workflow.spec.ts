import { describe, expect, it } from '@jest/globals';
import { decide } from '@cairn/kernel';
import { AUTHORISATION_EVENTS, AUTHORISATION_STATES, authorisationMachine, type AuthorisationEvent, type AuthorisationState } from './authorisation.workflow.js';

const LEGAL: Readonly<Record<AuthorisationState, Partial<Record<AuthorisationEvent, AuthorisationState>>>> = {
  needed: { ask: 'asked', close: 'closed' },
  asked: { grant: 'granted', deny: 'denied', close: 'closed' },
  granted: { ask: 'asked', 'use-up': 'used-up', expire: 'expired', close: 'closed' },
  'used-up': { ask: 'asked', close: 'closed' },
  expired: { ask: 'asked', close: 'closed' },
  denied: { ask: 'asked', close: 'closed' },
  closed: {},
};

describe('an insurer’s authorisation', () => {
  const cells = AUTHORISATION_STATES.flatMap((state) => AUTHORISATION_EVENTS.map((event) => [state, event, LEGAL[state][event]] as const));

  it.each(cells)('%s, %s: %s', (state, event, to) => {
    const decision = decide(authorisationMachine, state, event, { byRule: true });
    if (to) expect(decision).toEqual({ ok: true, to });
    else expect(decision).toMatchObject({ ok: false, refusal: { rule: 'authorisation.no-transition' } });
  });

  it('lets only time and use end a grant by themselves', () => {
    for (const event of ['use-up', 'expire'] as const) expect(decide(authorisationMachine, 'granted', event, { byRule: false })).toMatchObject({ ok: false, refusal: { rule: 'authorisation.by-rule' } });
  });

  it('reaches every state, and leaves each but the last', () => {
    const reached = new Set<AuthorisationState>(['needed']);
    for (let size = 0; size < reached.size; ) {
      size = reached.size;
      for (const state of [...reached]) for (const to of Object.values(LEGAL[state])) reached.add(to);
    }
    expect([...reached].sort()).toEqual([...AUTHORISATION_STATES].sort());
    for (const state of AUTHORISATION_STATES) expect([state, Object.keys(LEGAL[state]).length === 0]).toEqual([state, authorisationMachine.terminal.includes(state)]);
  });
});
