import type { Machine, Refusal } from '@cairn/kernel';

export const REFERRAL_STATES = [
  'received',
  'in-triage',
  'information-requested',
  'accepted',
  'waitlisted',
  'booked',
  'to-rebook',
  'in-care',
  'on-hold',
  'redirected',
  'declined',
  'cancellation-requested',
  'withdrawn',
  'closed',
  'closed-not-seen',
  'entered-in-error',
] as const;
export type ReferralState = (typeof REFERRAL_STATES)[number];

export const REFERRAL_EVENTS = [
  'open-triage',
  'request-information',
  'provide-information',
  'stop-waiting',
  'accept',
  'decline',
  'redirect',
  'undo',
  'take-effect',
  'correct',
  'confirm-redirection',
  'waitlist',
  'hear-from-patient',
  'book',
  'attend',
  'miss',
  'cancel-appointment',
  'begin-care',
  'hold',
  'resume',
  'cancel',
  'confirm-withdrawal',
  'close',
  'close-unseen',
  'close-duplicate',
  'return-incomplete',
  'enter-in-error',
] as const;
export type ReferralEvent = (typeof REFERRAL_EVENTS)[number];

/** What the guards may look at. */
export interface Circumstances {
  /** Who acts: the party that placed the request, somebody of the clinic, or Cairn by rule. */
  readonly by: 'requester' | 'clinic' | 'cairn';
  /** The actor holds the clinic's right to triage. Means nothing unless `by` is `clinic`. */
  readonly mayTriage: boolean;
  /** The actor is a clinician of the clinic. */
  readonly isClinician: boolean;
  /** Red flags of the hard-stop kind that were found and that no clinician has acknowledged. */
  readonly openHardStops: number;
  /** Other referrals of which nobody has said yet whether they are this one. */
  readonly suspectedDuplicates: number;
  /** The state of the last decision: none waits, it can still be undone, or its window is over and it has not left yet. */
  readonly decision: 'none' | 'undoable' | 'lapsed';
  /** The referrer has been told of an acceptance, so it cannot be taken back. */
  readonly told: boolean;
  /** The patient has been seen at least once. */
  readonly seen: boolean;
  /** Nothing remains to be done. Only a redirection can stay in its state and be settled. */
  readonly settled: boolean;
}

type Guard = (circumstances: Circumstances) => Refusal | undefined;

const rule = (name: string, message: string, holds: (circumstances: Circumstances) => boolean): Guard => {
  const refusal: Refusal = { rule: `referral.${name}`, message };
  return (circumstances) => (holds(circumstances) ? undefined : refusal);
};

/** The first objection, in the order given. */
const all =
  (...guards: Guard[]): Guard =>
  (circumstances) => {
    for (const guard of guards) {
      const refusal = guard(circumstances);
      if (refusal) return refusal;
    }
    return undefined;
  };

const triager = rule('triage-right', 'Only people of the clinic who hold the right "referral.triage" may do this.', (c) => c.by === 'clinic' && c.mayTriage);
const clinicOrCairn = rule('clinic-only', 'The clinic does this, not the referrer.', (c) => c.by === 'cairn' || (c.by === 'clinic' && c.mayTriage));
const cairnOnly = rule('cairn-only', 'Cairn does this by itself when the undo window has closed.', (c) => c.by === 'cairn');
const eitherParty = rule('either-party', 'Only the referrer or the clinic may do this.', (c) => c.by === 'requester' || (c.by === 'clinic' && c.mayTriage));
const clinician = rule('clinician-decides', 'A clinician decides whether to go on without the information that was asked for.', (c) => c.by === 'clinic' && c.isClinician);
const flagsAcknowledged = rule(
  'red-flag-unacknowledged',
  'A red flag was found that a clinician must acknowledge first. Phone the referrer, then record the acknowledgement with what was done.',
  (c) => c.openHardStops === 0,
);
const nothingPending = rule('decision-pending', 'The last decision can still be undone. Wait until its window closes, or undo it.', (c) => c.decision === 'none');
const undoable = rule('undo-window-closed', 'The decision has taken effect and can no longer be undone. Record a correction instead.', (c) => c.decision === 'undoable');
const lapsed = rule('undo-window-open', 'The decision can still be undone, so it does not take effect yet.', (c) => c.decision === 'lapsed');
const notTold = rule('already-accepted', 'The referrer was told that the referral is accepted. Accept it anew, or close it.', (c) => !c.told);
const told = rule('not-accepted-yet', 'The referral has not been accepted.', (c) => c.told);
const stillWaiting = rule('decision-effective', 'The decision has taken effect.', (c) => c.decision !== 'none');
const stillPending = rule('decision-effective', 'The decision has taken effect.', (c) => c.decision !== 'none' && !c.told);
const unsettled = rule('already-settled', 'The redirection is already settled.', (c) => !c.settled);
const seen = rule('not-seen-yet', 'The patient has not been seen yet.', (c) => c.seen);
const notSeen = rule('already-seen', 'The patient has been seen already.', (c) => !c.seen);

const duplicateSuspected = rule('no-duplicate-suspected', 'No other referral is linked to this one as a possible duplicate.', (c) => c.suspectedDuplicates > 0);
const byRule = rule('returned-by-rule', 'Cairn does this by itself, by the clinic’s rule, when the information did not come.', (c) => c.by === 'cairn');

const inEffect = all(triager, nothingPending);
/** Nothing of what the clinic decides passes by a hard stop; what the referrer takes back does, and its alert stays with the rota. */
const clear = all(inEffect, flagsAcknowledged);
const eitherPartyClear: Guard = (c) => eitherParty(c) ?? (c.by === 'clinic' ? flagsAcknowledged(c) : undefined);
/** People undo while they can; Cairn takes a decision back that was made without knowing of a hard stop. */
const mayUndo: Guard = (c) => (c.by === 'cairn' ? stillWaiting(c) : all(triager, undoable)(c));

/** Rules whose refusal the person, or a colleague, can do something about: what they keep one from doing is shown with the reason. */
export const MENDABLE_RULES: readonly string[] = [
  'referral.red-flag-unacknowledged',
  'referral.decision-pending',
  'referral.claimed',
  'referral.other-is-over',
];

/**
 * The referral, as `workflows.md` has it. Source: NHS e-RS triage outcomes; HL7 BSeR harmonized state transitions; HL7 SDOHCC referral task.
 * A transition to the same state changes what stands on the referral (its urgency, that a decision is in force) and is logged like any other.
 * Only `entered-in-error` is terminal: R4 lets any Task become it. What else is over is told by `settledAt` (see referral.course.ts).
 */
export const referralMachine: Machine<ReferralState, ReferralEvent, Circumstances> = {
  name: 'referral',
  initial: 'received',
  states: REFERRAL_STATES,
  events: REFERRAL_EVENTS,
  terminal: ['entered-in-error'],
  transitions: [
    { from: 'received', event: 'open-triage', to: 'in-triage', guard: triager },
    { from: 'waitlisted', event: 'open-triage', to: 'in-triage', guard: clinicOrCairn },

    { from: 'in-triage', event: 'request-information', to: 'information-requested', guard: all(triager, notTold) },
    { from: 'information-requested', event: 'provide-information', to: 'in-triage', guard: eitherParty },
    { from: 'information-requested', event: 'stop-waiting', to: 'in-triage', guard: clinician },

    { from: 'in-triage', event: 'accept', to: 'accepted', guard: all(triager, flagsAcknowledged) },
    { from: 'in-triage', event: 'decline', to: 'declined', guard: all(triager, notTold, flagsAcknowledged) },
    { from: 'in-triage', event: 'redirect', to: 'redirected', guard: all(triager, notTold, flagsAcknowledged) },

    { from: ['accepted', 'declined', 'redirected'], event: 'undo', to: 'in-triage', guard: mayUndo },
    { from: 'accepted', event: 'take-effect', to: 'accepted', guard: all(cairnOnly, lapsed) },
    { from: 'declined', event: 'take-effect', to: 'declined', guard: all(cairnOnly, lapsed) },
    { from: 'redirected', event: 'take-effect', to: 'redirected', guard: all(cairnOnly, lapsed) },

    { from: 'accepted', event: 'correct', to: 'accepted', guard: clear },
    { from: 'waitlisted', event: 'correct', to: 'waitlisted', guard: clear },
    { from: 'booked', event: 'correct', to: 'booked', guard: clear },
    { from: 'to-rebook', event: 'correct', to: 'to-rebook', guard: clear },
    { from: 'in-care', event: 'correct', to: 'in-care', guard: clear },
    { from: 'on-hold', event: 'correct', to: 'on-hold', guard: clear },

    { from: 'redirected', event: 'confirm-redirection', to: 'redirected', guard: all(clear, unsettled) },

    { from: 'waitlisted', event: 'hear-from-patient', to: 'waitlisted', guard: clinicOrCairn },
    { from: 'accepted', event: 'waitlist', to: 'waitlisted', guard: clear },
    { from: ['accepted', 'waitlisted', 'to-rebook'], event: 'book', to: 'booked', guard: clear },
    { from: 'booked', event: 'attend', to: 'in-care', guard: triager },
    { from: 'booked', event: 'miss', to: 'to-rebook', guard: triager },
    { from: 'booked', event: 'cancel-appointment', to: 'to-rebook', guard: triager },
    { from: ['accepted', 'waitlisted', 'booked'], event: 'begin-care', to: 'in-care', guard: all(clinicOrCairn, nothingPending) },

    { from: ['in-care', 'to-rebook'], event: 'hold', to: 'on-hold', guard: all(triager, flagsAcknowledged) },
    { from: 'on-hold', event: 'resume', to: 'in-care', guard: all(triager, seen) },
    { from: 'on-hold', event: 'resume', to: 'to-rebook', guard: all(triager, notSeen) },

    { from: ['received', 'information-requested'], event: 'cancel', to: 'withdrawn', guard: eitherPartyClear },
    { from: 'in-triage', event: 'cancel', to: 'withdrawn', guard: all(eitherPartyClear, notTold) },
    { from: 'in-triage', event: 'cancel', to: 'cancellation-requested', guard: all(eitherPartyClear, told) },
    { from: ['accepted', 'declined', 'redirected'], event: 'cancel', to: 'withdrawn', guard: all(eitherPartyClear, stillPending) },
    { from: 'accepted', event: 'cancel', to: 'cancellation-requested', guard: all(eitherPartyClear, told) },
    { from: 'redirected', event: 'cancel', to: 'redirected', guard: all(eitherPartyClear, nothingPending, unsettled) },
    { from: ['waitlisted', 'booked', 'to-rebook', 'in-care', 'on-hold'], event: 'cancel', to: 'cancellation-requested', guard: eitherPartyClear },
    { from: 'cancellation-requested', event: 'confirm-withdrawal', to: 'withdrawn', guard: all(triager, flagsAcknowledged) },

    { from: ['accepted', 'waitlisted', 'booked', 'in-care', 'cancellation-requested'], event: 'close', to: 'closed', guard: all(clinicOrCairn, nothingPending, flagsAcknowledged) },
    { from: ['accepted', 'waitlisted', 'booked', 'to-rebook'], event: 'close-unseen', to: 'closed-not-seen', guard: clear },
    { from: 'in-triage', event: 'close-unseen', to: 'closed-not-seen', guard: all(triager, told, flagsAcknowledged) },

    { from: ['received', 'information-requested'], event: 'close-duplicate', to: 'declined', guard: all(triager, duplicateSuspected, flagsAcknowledged) },
    { from: 'in-triage', event: 'close-duplicate', to: 'declined', guard: all(triager, duplicateSuspected, notTold, flagsAcknowledged) },
    { from: 'in-triage', event: 'close-duplicate', to: 'closed-not-seen', guard: all(triager, duplicateSuspected, told, flagsAcknowledged) },
    { from: ['accepted', 'waitlisted', 'booked', 'to-rebook'], event: 'close-duplicate', to: 'closed-not-seen', guard: all(duplicateSuspected, clear) },
    { from: 'information-requested', event: 'return-incomplete', to: 'declined', guard: all(byRule, flagsAcknowledged) },

    { from: REFERRAL_STATES.filter((state) => state !== 'entered-in-error'), event: 'enter-in-error', to: 'entered-in-error', guard: eitherPartyClear },
  ],
};
