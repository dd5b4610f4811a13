import type { Machine, Refusal } from '@cairn/kernel';

export const REMINDER_STATES = [
  'pending',
  'claimed',
  'sending',
  'unknown',
  'sent',
  'undelivered',
  'delivered',
  'answered',
  'escalated',
  'skipped',
  'cancelled',
] as const;
export type ReminderState = (typeof REMINDER_STATES)[number];

export const REMINDER_EVENTS = [
  'claim',
  'postpone',
  'move',
  'send',
  'lose',
  'accept',
  'fail',
  'deliver',
  'answer',
  'escalate',
  'skip',
  'cancel',
] as const;
export type ReminderEvent = (typeof REMINDER_EVENTS)[number];

/** What a patient may answer. The last three need a person. */
export const ANSWERS = ['confirmed', 'reschedule', 'stop', 'free-text'] as const;
export type Answer = (typeof ANSWERS)[number];

/** What the guards look at. */
export interface ReminderFacts {
  /** Whether its moment has come. */
  readonly due: boolean;
  /** Whether an answer was asked for and the time to give it is over. */
  readonly silent: boolean;
  /** The answer that was given, if any. */
  readonly answer: Answer | null;
}

const mustBeDue = ({ due }: ReminderFacts): Refusal | undefined =>
  due ? undefined : { rule: 'reminder.not-due', message: 'The moment of this reminder has not come yet.' };

const mustBeSilent = ({ silent }: ReminderFacts): Refusal | undefined =>
  silent ? undefined : { rule: 'reminder.not-silent', message: 'No answer is overdue.' };

const mustNeedPerson = ({ answer }: ReminderFacts): Refusal | undefined =>
  answer === null || answer === 'confirmed' ? { rule: 'reminder.no-person-needed', message: 'The patient confirmed: nothing is left to do.' } : undefined;

/**
 * A reminder from plan to answer. What providers tell (accept, fail, deliver) may come late, twice and out of order: the table has no way
 * back, so that what is refused here is old news. `unknown` is what can't be known: the provider may or may not have taken the message.
 */
export const reminderMachine: Machine<ReminderState, ReminderEvent, ReminderFacts> = {
  name: 'reminder',
  initial: 'pending',
  states: REMINDER_STATES,
  events: REMINDER_EVENTS,
  terminal: ['skipped', 'cancelled'],
  transitions: [
    { from: 'pending', event: 'claim', to: 'claimed', guard: mustBeDue },
    { from: 'claimed', event: 'postpone', to: 'pending' },
    { from: ['pending', 'claimed'], event: 'move', to: 'pending' },
    { from: 'claimed', event: 'send', to: 'sending' },
    { from: 'sending', event: 'lose', to: 'unknown' },
    { from: ['sending', 'unknown'], event: 'accept', to: 'sent' },
    { from: ['sending', 'unknown', 'sent'], event: 'fail', to: 'undelivered' },
    { from: ['sending', 'unknown', 'sent', 'undelivered'], event: 'deliver', to: 'delivered' },
    { from: ['sending', 'unknown', 'sent', 'undelivered', 'delivered', 'answered', 'escalated'], event: 'answer', to: 'answered' },
    { from: ['claimed', 'sending', 'unknown', 'undelivered'], event: 'escalate', to: 'escalated' },
    { from: ['sent', 'delivered'], event: 'escalate', to: 'escalated', guard: mustBeSilent },
    { from: 'answered', event: 'escalate', to: 'escalated', guard: mustNeedPerson },
    { from: ['pending', 'claimed', 'sending'], event: 'skip', to: 'skipped' },
    {
      from: ['pending', 'claimed', 'sending', 'unknown', 'sent', 'undelivered', 'delivered', 'answered', 'escalated'],
      event: 'cancel',
      to: 'cancelled',
    },
  ],
};

/** States in which a reminder still may be sent, or awaits what becomes of it: the event it is about concerns it. */
export const OPEN_STATES = ['pending', 'claimed', 'sending', 'unknown', 'sent', 'undelivered', 'delivered', 'answered', 'escalated'] as const satisfies readonly ReminderState[];

/** States in which a reply can be to this reminder. */
export const ANSWERABLE_STATES = ['sending', 'unknown', 'sent', 'undelivered', 'delivered', 'answered', 'escalated'] as const satisfies readonly ReminderState[];
