import type { Machine } from '@cairn/kernel';

/** Why a person is needed. */
export type EscalationReason = 'no-channel' | 'undelivered' | 'outcome-unknown' | 'no-answer' | 'wants-reschedule' | 'stopped-messages' | 'free-text' | 'unmatched-reply';

export const ESCALATION_STATES = ['open', 'resolved', 'withdrawn'] as const;
export type EscalationState = (typeof ESCALATION_STATES)[number];

/** What a coordinator can say came of it. */
export const ESCALATION_OUTCOMES = ['reached-by-phone', 'letter-sent', 'rescheduled', 'contact-details-mended', 'referrer-informed', 'nothing-to-do'] as const;
export type EscalationOutcome = (typeof ESCALATION_OUTCOMES)[number];

/** What to do next, as the worklist says it. */
export const NEXT_STEP: Readonly<Record<EscalationReason, string>> = {
  'no-channel': 'Call the patient: no message can reach them. Ask how they wish to be reached.',
  undelivered: 'Call the patient: no channel took the message. Check the number and the address.',
  'outcome-unknown': 'Call the patient: nobody can tell whether the message arrived.',
  'no-answer': 'Call the patient: they were asked to confirm and did not answer.',
  'wants-reschedule': 'Call the patient to find another day.',
  'stopped-messages': 'The patient stopped all messages. Agree by phone or letter on how to stay in touch.',
  'free-text': 'Read what the patient wrote and answer.',
  'unmatched-reply': 'Find out who wrote and what about.',
};

/** A coordinator's task about a patient whom messages do not reach, or who wrote something that a person must read. */
export const escalationMachine: Machine<EscalationState, 'resolve' | 'withdraw', Record<string, never>> = {
  name: 'escalation',
  initial: 'open',
  states: ESCALATION_STATES,
  events: ['resolve', 'withdraw'],
  terminal: ['resolved', 'withdrawn'],
  transitions: [
    { from: 'open', event: 'resolve', to: 'resolved' },
    { from: 'open', event: 'withdraw', to: 'withdrawn' },
  ],
};
