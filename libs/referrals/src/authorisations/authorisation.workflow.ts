import type { Machine, Refusal } from '@cairn/kernel';

export const AUTHORISATION_STATES = ['needed', 'asked', 'granted', 'used-up', 'expired', 'denied', 'closed'] as const;
export type AuthorisationState = (typeof AUTHORISATION_STATES)[number];

export const AUTHORISATION_EVENTS = ['ask', 'grant', 'deny', 'use-up', 'expire', 'close'] as const;
export type AuthorisationEvent = (typeof AUTHORISATION_EVENTS)[number];

/** What the guards may look at. */
export interface AuthorisationFacts {
  /** Cairn does it by rule. */
  readonly byRule: boolean;
}

const byRule = (facts: AuthorisationFacts): Refusal | undefined =>
  facts.byRule ? undefined : { rule: 'authorisation.by-rule', message: 'Cairn does this by itself when the visits are used up or the time is over.' };

/** An insurer's leave to treat: asked for, given for a time and a number of visits, refused, asked for again. */
export const authorisationMachine: Machine<AuthorisationState, AuthorisationEvent, AuthorisationFacts> = {
  name: 'authorisation',
  initial: 'needed',
  states: AUTHORISATION_STATES,
  events: AUTHORISATION_EVENTS,
  terminal: ['closed'],
  transitions: [
    { from: ['needed', 'granted', 'used-up', 'expired', 'denied'], event: 'ask', to: 'asked' },
    { from: 'asked', event: 'grant', to: 'granted' },
    { from: 'asked', event: 'deny', to: 'denied' },
    { from: 'granted', event: 'use-up', to: 'used-up', guard: byRule },
    { from: 'granted', event: 'expire', to: 'expired', guard: byRule },
    { from: ['needed', 'asked', 'granted', 'used-up', 'expired', 'denied'], event: 'close', to: 'closed' },
  ],
};
