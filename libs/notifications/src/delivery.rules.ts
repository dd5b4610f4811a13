import type { Channel } from '@cairn/people';
import type { MessageState } from './message.workflow.js';
import rules from './delivery-rules.json' with { type: 'json' };

/** What a provider's answer, or the lack of one, came to. */
export type Outcome =
  | { readonly result: 'accepted'; readonly providerId?: string | undefined }
  /** A definite no that will stay one: this number or address takes nothing. */
  | { readonly result: 'refused'; readonly code: string }
  /** A definite no that may pass: nothing was taken, trying again is safe. */
  | { readonly result: 'busy'; readonly code: string; readonly retryAfterSeconds?: number | undefined }
  /** No answer: it may have been taken or not. */
  | { readonly result: 'unknown'; readonly code: string };

/** How often and how long a message is tried. Durations in seconds of real time, unless named otherwise. */
export const DELIVERY = rules;

/** One message of a reminder, as far as what comes next depends on it. */
export interface Sibling {
  readonly channel: Channel;
  readonly state: MessageState;
}

/** What to do for a reminder when one of its messages came to an end without reaching the patient. */
export type NextStep =
  | { readonly act: 'try'; readonly channel: Channel }
  | { readonly act: 'wait' }
  | { readonly act: 'give-up'; readonly reason: 'undelivered' | 'outcome-unknown' | 'no-channel' };

/** States of a message that may yet reach the patient, or did. */
const HOPEFUL: readonly MessageState[] = ['queued', 'sending', 'sent', 'delivered'];

/**
 * The next step for a reminder: the next channel of its list that was not tried; nothing while another message is on its way or arrived;
 * else a person. What nobody can tell weighs more than what failed: a person must know that the patient may have been written to.
 */
export function nextStep(channels: readonly Channel[], messages: readonly Sibling[]): NextStep {
  if (messages.some(({ state }) => HOPEFUL.includes(state))) return { act: 'wait' };
  const untried = channels.find((channel) => !messages.some((message) => message.channel === channel));
  if (untried) return { act: 'try', channel: untried };
  if (messages.some(({ state }) => state === 'unknown')) return { act: 'give-up', reason: 'outcome-unknown' };
  return { act: 'give-up', reason: messages.some(({ state }) => state === 'failed') ? 'undelivered' : 'no-channel' };
}

/** Whether a message that met a busy provider goes on trying: a limited number of times where another channel waits, else until it is too late. */
export const triesAgain = (tries: number, anotherChannel: boolean): boolean => !anotherChannel || tries < rules.busyTries;
