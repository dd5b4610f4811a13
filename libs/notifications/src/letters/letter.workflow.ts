import type { Machine, Refusal } from '@cairn/kernel';

export const LETTER_STATES = ['written', 'to-mail', 'mailing', 'mailed', 'to-call', 'to-post', 'delivered'] as const;
export type LetterState = (typeof LETTER_STATES)[number];

export const LETTER_EVENTS = ['route', 'hand-over', 'send', 'wait', 'accept', 'fetch', 'deliver'] as const;
export type LetterEvent = (typeof LETTER_EVENTS)[number];

/** What the guards look at. */
export interface LetterFacts {
  /** The referrer has an e-mail address. */
  readonly hasMail: boolean;
  /** The referrer has a postal address. */
  readonly hasPost: boolean;
}

const mailable = ({ hasMail }: LetterFacts): Refusal | undefined => (hasMail ? undefined : { rule: 'letter.no-mailbox', message: 'The referrer has no e-mail address.' });
const postable = ({ hasPost }: LetterFacts): Refusal | undefined => (hasPost ? undefined : { rule: 'letter.no-address', message: 'The referrer has no postal address.' });

/**
 * A letter to a referrer whom no EHR tells. A mail says only that it is there; it is delivered when it is fetched. Where a mail can't leave, may
 * have been lost or is not heeded, a person posts the letter or calls, and it stays open until they have.
 */
export const letterMachine: Machine<LetterState, LetterEvent, LetterFacts> = {
  name: 'letter',
  initial: 'written',
  states: LETTER_STATES,
  events: LETTER_EVENTS,
  terminal: ['delivered'],
  transitions: [
    { from: 'written', event: 'route', to: 'to-mail', guard: mailable },
    { from: ['written', 'to-mail', 'mailing', 'mailed'], event: 'hand-over', to: 'to-post', guard: postable },
    { from: ['written', 'to-mail', 'mailing', 'mailed'], event: 'hand-over', to: 'to-call' },
    { from: 'to-mail', event: 'send', to: 'mailing' },
    { from: 'mailing', event: 'wait', to: 'to-mail' },
    { from: 'mailing', event: 'accept', to: 'mailed' },
    { from: ['mailing', 'mailed', 'to-call', 'to-post'], event: 'fetch', to: 'delivered' },
    { from: ['to-mail', 'mailed', 'to-call', 'to-post'], event: 'deliver', to: 'delivered' },
  ],
};
