import type { Machine, Refusal } from '@cairn/kernel';

export const CONFERENCE_STATES = ['planned', 'agenda-locked', 'in-session', 'draft-minutes', 'signed', 'amended', 'cancelled'] as const;
export type ConferenceState = (typeof CONFERENCE_STATES)[number];

export const CONFERENCE_EVENTS = ['add-item', 'lock', 'open', 'record-attendance', 'decide', 'draft', 'sign', 'amend', 'cancel'] as const;
export type ConferenceEvent = (typeof CONFERENCE_EVENTS)[number];

/** What the table's rules look at. */
export interface ConferenceFacts {
  /** How many items stand on the agenda. */
  readonly items: number;
  /** How many of them have no outcome yet: neither a decision nor "listed, not discussed". */
  readonly open: number;
  /** How many of them were decided. */
  readonly decided: number;
  /** Whether those present make the clinic's quorum. */
  readonly quorate: boolean;
  /** Whether the item about to be added is urgent. Means nothing to other events. */
  readonly urgent: boolean;
}

type Guard = (facts: ConferenceFacts) => Refusal | undefined;

const rule =
  (name: string, message: string, holds: (facts: ConferenceFacts) => boolean): Guard =>
  (facts) =>
    holds(facts) ? undefined : { rule: `conference.${name}`, message };

const all =
  (...guards: readonly Guard[]): Guard =>
  (facts) => {
    for (const guard of guards) {
      const refusal = guard(facts);
      if (refusal) return refusal;
    }
    return undefined;
  };

const hasItems = rule('empty-agenda', 'The agenda is empty: add an item first, or cancel the conference.', ({ items }) => items > 0);
const isUrgent = rule('agenda-locked', 'The agenda is locked. Only an urgent item can still be added: say why it is urgent.', ({ urgent }) => urgent);
const allSettled = rule(
  'open-items',
  'Some items have no outcome yet: record a decision for each, or that it was listed and not discussed.',
  ({ open }) => open === 0,
);
const isQuorate = rule(
  'no-quorum',
  'Those present do not make the quorum, so the decisions cannot be signed. Correct the attendance, or record the items as listed and not discussed.',
  ({ quorate, decided }) => quorate || decided === 0,
);

/** A meeting of the team over its patients. After signing, minutes change by addendum only. */
export const conferenceWorkflow: Machine<ConferenceState, ConferenceEvent, ConferenceFacts> = {
  name: 'conference',
  initial: 'planned',
  states: CONFERENCE_STATES,
  events: CONFERENCE_EVENTS,
  terminal: ['amended', 'cancelled'],
  transitions: [
    { from: 'planned', event: 'add-item', to: 'planned' },
    { from: 'agenda-locked', event: 'add-item', to: 'agenda-locked', guard: isUrgent },
    { from: 'in-session', event: 'add-item', to: 'in-session', guard: isUrgent },
    { from: 'planned', event: 'lock', to: 'agenda-locked', guard: hasItems },
    { from: 'agenda-locked', event: 'open', to: 'in-session' },
    { from: 'in-session', event: 'record-attendance', to: 'in-session' },
    { from: 'draft-minutes', event: 'record-attendance', to: 'draft-minutes' },
    { from: 'in-session', event: 'decide', to: 'in-session' },
    { from: 'draft-minutes', event: 'decide', to: 'draft-minutes' },
    { from: 'in-session', event: 'draft', to: 'draft-minutes', guard: allSettled },
    { from: 'draft-minutes', event: 'sign', to: 'signed', guard: all(allSettled, isQuorate) },
    { from: ['signed', 'amended'], event: 'amend', to: 'amended' },
    { from: ['planned', 'agenda-locked'], event: 'cancel', to: 'cancelled' },
  ],
};
