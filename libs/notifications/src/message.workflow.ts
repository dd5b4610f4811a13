import type { Machine, Refusal } from '@cairn/kernel';

export const MESSAGE_STATES = ['queued', 'sending', 'unknown', 'sent', 'failed', 'delivered', 'dropped', 'cancelled'] as const;
export type MessageState = (typeof MESSAGE_STATES)[number];

export const MESSAGE_EVENTS = ['send', 'wait', 'retry', 'repeat', 'lose', 'accept', 'fail', 'deliver', 'drop', 'cancel'] as const;
export type MessageEvent = (typeof MESSAGE_EVENTS)[number];

/** What the guards look at. */
export interface MessageFacts {
  /** Whether the provider recognises a message that it is handed twice, by its key. */
  readonly repeatsSafely: boolean;
}

const mustRepeatSafely = ({ repeatsSafely }: MessageFacts): Refusal | undefined =>
  repeatsSafely ? undefined : { rule: 'message.not-repeatable', message: 'The provider may have taken it already, and would send it twice.' };

/**
 * One message on one channel. `unknown`: the provider may or may not have taken it. It is repeated only where the provider recognises its
 * key; what callbacks tell later can still settle it. There is no way back from what is better known.
 */
export const messageMachine: Machine<MessageState, MessageEvent, MessageFacts> = {
  name: 'message',
  initial: 'queued',
  states: MESSAGE_STATES,
  events: MESSAGE_EVENTS,
  terminal: ['delivered', 'dropped', 'cancelled'],
  transitions: [
    { from: 'queued', event: 'send', to: 'sending' },
    { from: 'queued', event: 'wait', to: 'queued' },
    { from: 'sending', event: 'retry', to: 'queued' },
    { from: 'sending', event: 'lose', to: 'unknown' },
    { from: 'unknown', event: 'repeat', to: 'queued', guard: mustRepeatSafely },
    { from: ['queued', 'sending', 'unknown'], event: 'accept', to: 'sent' },
    { from: ['queued', 'sending', 'unknown', 'sent'], event: 'fail', to: 'failed' },
    { from: ['queued', 'sending', 'unknown', 'sent', 'failed'], event: 'deliver', to: 'delivered' },
    { from: 'queued', event: 'drop', to: 'dropped' },
    { from: 'queued', event: 'cancel', to: 'cancelled' },
  ],
};
