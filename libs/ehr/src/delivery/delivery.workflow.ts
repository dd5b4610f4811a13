import type { Machine, Refusal } from '@cairn/kernel';

/** One version of one resource on its way to one EHR. */
export const DELIVERY_STATES = ['pending', 'sending', 'failed', 'delivered', 'fallback', 'not-taken', 'superseded', 'dead', 'dismissed'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

export const DELIVERY_EVENTS = ['claim', 'reclaim', 'deliver', 'deliver-otherwise', 'find-no-form', 'supersede', 'postpone', 'fail', 'give-up', 'replay', 'dismiss'] as const;
export type DeliveryEvent = (typeof DELIVERY_EVENTS)[number];

export interface DeliveryFacts {
  /** The time for another try has come. */
  readonly due: boolean;
  /** Another try is allowed after a failure that lies with this delivery. */
  readonly attemptsLeft: boolean;
}

const refuse = (rule: string, message: string): Refusal => ({ rule, message });

const isDue = ({ due }: DeliveryFacts): Refusal | undefined => (due ? undefined : refuse('delivery.not-due', 'The time for the next try has not come.'));

/**
 * - `failed` waits for another try. `dead` waits for a person, who sends it again (`replay`) or sets it aside (`dismiss`).
 * - `fallback`: the EHR was told in a poorer form than the resource itself. `not-taken`: it can be told in none.
 * - `superseded`: a newer version of the same resource got there first, so that this one would be a step backwards.
 * - `postpone`: the EHR itself was at fault (down, busy, no token), which counts against the connection and not against the delivery.
 * - `reclaim`: whoever was sending never reported back. What the EHR did is not known; the next try finds out.
 */
export const deliveryMachine: Machine<DeliveryState, DeliveryEvent, DeliveryFacts> = {
  name: 'delivery',
  initial: 'pending',
  states: DELIVERY_STATES,
  events: DELIVERY_EVENTS,
  terminal: ['delivered', 'fallback', 'superseded', 'dismissed'],
  transitions: [
    { from: ['pending', 'failed'], event: 'claim', to: 'sending', guard: isDue },
    { from: 'sending', event: 'reclaim', to: 'sending', guard: isDue },
    { from: 'sending', event: 'deliver', to: 'delivered' },
    { from: 'sending', event: 'deliver-otherwise', to: 'fallback' },
    { from: 'sending', event: 'find-no-form', to: 'not-taken' },
    { from: 'sending', event: 'supersede', to: 'superseded' },
    { from: 'sending', event: 'postpone', to: 'failed' },
    {
      from: 'sending',
      event: 'fail',
      to: 'failed',
      guard: ({ attemptsLeft }) => (attemptsLeft ? undefined : refuse('delivery.attempts-spent', 'It was tried as often as is sensible.')),
    },
    { from: 'sending', event: 'fail', to: 'dead' },
    { from: 'sending', event: 'give-up', to: 'dead' },
    { from: ['dead', 'not-taken'], event: 'replay', to: 'pending' },
    { from: ['dead', 'not-taken'], event: 'dismiss', to: 'dismissed' },
  ],
};

/** States in which later deliveries of the same patient wait for this one. */
export const HOLDING_STATES: readonly DeliveryState[] = ['pending', 'sending', 'failed'];
