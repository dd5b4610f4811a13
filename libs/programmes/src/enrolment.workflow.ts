import type { Machine, Refusal } from '@cairn/kernel';

export const ENROLMENT_STATES = ['referred', 'screened', 'waitlisted', 'offered', 'enrolled', 'attending', 'completed', 'withdrawn', 'not-suitable'] as const;
export type EnrolmentState = (typeof ENROLMENT_STATES)[number];

export const ENROLMENT_EVENTS = ['screen', 'find-unsuitable', 'waitlist', 'offer', 'decline', 'lapse', 'enrol', 'attend', 'complete', 'withdraw'] as const;
export type EnrolmentEvent = (typeof ENROLMENT_EVENTS)[number];

/** What the guards look at. */
export interface EnrolmentFacts {
  /** Where a place is offered: how many the cohort has left. */
  readonly freePlaces?: number;
  /** Whether the cohort's language and format are among those that suit the person. */
  readonly fits?: boolean;
  /** Whether nobody who fits stands before this person on the list. */
  readonly first?: boolean;
  /** Whether the time to answer an offer is over. */
  readonly offerOver?: boolean;
  /** Sessions attended so far, and how many the programme asks for. */
  readonly attended?: number;
  readonly needed?: number;
}

const placeFits = ({ freePlaces = 0, fits = false, first = false }: EnrolmentFacts): Refusal | undefined => {
  if (freePlaces < 1) return { rule: 'enrolment.no-place', message: 'The cohort is full. The person stays on the list until a place is freed.' };
  if (!fits) return { rule: 'enrolment.does-not-fit', message: "The cohort's language or format is not one that suits this person." };
  return first ? undefined : { rule: 'enrolment.not-first', message: 'Somebody who fits stands before this person on the list.' };
};

const answerOver = ({ offerOver = false }: EnrolmentFacts): Refusal | undefined =>
  offerOver ? undefined : { rule: 'enrolment.offer-open', message: 'The person still has time to answer the offer.' };

const inTime = ({ offerOver = false }: EnrolmentFacts): Refusal | undefined =>
  offerOver ? { rule: 'enrolment.offer-over', message: 'The time to answer the offer is over. Offer a place anew.' } : undefined;

const enough = ({ attended = 0, needed = 0 }: EnrolmentFacts): Refusal | undefined =>
  attended >= needed ? undefined : { rule: 'enrolment.too-few-sessions', message: `The programme asks for ${needed} sessions; ${attended} were attended. Withdraw, or attend a session to make up.` };

/** A person's way through a programme: from the referral out of a care plan to the last session. */
export const enrolmentMachine: Machine<EnrolmentState, EnrolmentEvent, EnrolmentFacts> = {
  name: 'enrolment',
  initial: 'referred',
  states: ENROLMENT_STATES,
  events: ENROLMENT_EVENTS,
  terminal: ['completed', 'withdrawn', 'not-suitable'],
  transitions: [
    { from: 'referred', event: 'screen', to: 'screened' },
    { from: ['referred', 'screened'], event: 'find-unsuitable', to: 'not-suitable' },
    { from: 'screened', event: 'waitlist', to: 'waitlisted' },
    { from: ['screened', 'waitlisted'], event: 'offer', to: 'offered', guard: placeFits },
    { from: 'offered', event: 'decline', to: 'waitlisted' },
    { from: 'offered', event: 'lapse', to: 'waitlisted', guard: answerOver },
    { from: 'offered', event: 'enrol', to: 'enrolled', guard: inTime },
    { from: ['enrolled', 'attending'], event: 'attend', to: 'attending' },
    { from: 'attending', event: 'complete', to: 'completed', guard: enough },
    { from: ['referred', 'screened', 'waitlisted', 'offered', 'enrolled', 'attending'], event: 'withdraw', to: 'withdrawn' },
  ],
};

/** States in which a place of a cohort is taken. */
export const HOLDING_STATES = ['offered', 'enrolled', 'attending'] as const satisfies readonly EnrolmentState[];
/** States in which somebody still has something to do. */
export const OPEN_ENROLMENT_STATES = ['referred', 'screened', 'waitlisted', ...HOLDING_STATES] as const satisfies readonly EnrolmentState[];
