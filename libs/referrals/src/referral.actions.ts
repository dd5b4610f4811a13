import { availableEvents } from '@cairn/kernel';
import { referralMachine, type Circumstances, type ReferralEvent, type ReferralState } from './referral.workflow.js';

/** Something that this user may do now: how to ask for it, and whether the version must be named. */
export interface AvailableAction {
  readonly action: string;
  readonly title: string;
  readonly method: 'POST' | 'DELETE';
  readonly href: string;
  readonly needsIfMatch: boolean;
}

interface Act {
  readonly title: string;
  readonly method: 'POST' | 'DELETE';
  readonly path: string;
  readonly needsIfMatch?: boolean;
}

/** The act that brings each event about. Time takes decisions into effect and returns what stays incomplete. */
const ACTS: Readonly<Record<Exclude<ReferralEvent, 'take-effect' | 'return-incomplete'>, Act>> = {
  'open-triage': { title: 'Open for triage', method: 'POST', path: 'triage' },
  'request-information': { title: 'Ask the referrer', method: 'POST', path: 'information-request' },
  'provide-information': { title: 'Record the answer', method: 'POST', path: 'information' },
  'stop-waiting': { title: 'Go on without the answer', method: 'DELETE', path: 'information-request' },
  accept: { title: 'Accept', method: 'POST', path: 'acceptance', needsIfMatch: true },
  decline: { title: 'Return with advice', method: 'POST', path: 'decline', needsIfMatch: true },
  redirect: { title: 'Redirect', method: 'POST', path: 'redirection', needsIfMatch: true },
  undo: { title: 'Undo the decision', method: 'DELETE', path: 'decision' },
  correct: { title: 'Correct the decision', method: 'POST', path: 'correction', needsIfMatch: true },
  'confirm-redirection': { title: 'Confirm that the receiver took over', method: 'POST', path: 'redirection/confirmation' },
  'hear-from-patient': { title: 'Record what the waiting patient said', method: 'POST', path: 'waiting-answer' },
  waitlist: { title: 'Put on the waiting list', method: 'POST', path: 'waitlisting' },
  book: { title: 'Book a visit', method: 'POST', path: 'appointment' },
  attend: { title: 'Record that the patient came', method: 'POST', path: 'attendance' },
  miss: { title: 'Record that the patient did not come', method: 'POST', path: 'no-show' },
  'cancel-appointment': { title: 'Call off the visit', method: 'DELETE', path: 'appointment' },
  'begin-care': { title: 'Record that care has begun', method: 'POST', path: 'care' },
  hold: { title: 'Pause', method: 'POST', path: 'hold' },
  resume: { title: 'Resume', method: 'DELETE', path: 'hold' },
  cancel: { title: 'Record that the referrer cancels', method: 'POST', path: 'cancellation' },
  'confirm-withdrawal': { title: 'Confirm the cancellation', method: 'POST', path: 'withdrawal' },
  close: { title: 'Close with its outcome', method: 'POST', path: 'closure' },
  'close-unseen': { title: 'Close without having seen the patient', method: 'POST', path: 'unseen-closure' },
  'close-duplicate': { title: 'End as a duplicate of the other', method: 'POST', path: 'duplicates/:other/confirmation', needsIfMatch: true },
  'enter-in-error': { title: 'Mark as entered in error', method: 'POST', path: 'retraction' },
};

const isAct = (event: ReferralEvent): event is keyof typeof ACTS => event in ACTS;

/** What the actor in these circumstances may do with the referral now; `openFlags` are the red flags that wait to be acknowledged, `duplicates` the referrals that may be the same. */
export function availableActions(id: string, state: ReferralState, circumstances: Circumstances, openFlags: readonly string[], duplicates: readonly string[]): AvailableAction[] {
  const base = `/api/v1/referrals/${id}`;
  const moves = availableEvents(referralMachine, state, circumstances)
    .filter(isAct)
    .flatMap((event): AvailableAction[] => {
      const { title, method, path, needsIfMatch = false } = ACTS[event];
      const paths = event === 'close-duplicate' ? duplicates.map((other) => path.replace(':other', other)) : [path];
      return paths.map((each) => ({ action: event, title, method, href: `${base}/${each}`, needsIfMatch }));
    });
  const dismissals = circumstances.mayTriage ? duplicates : [];
  const flags = circumstances.isClinician ? openFlags : [];
  return [
    ...flags.map((flag) => ({ action: 'acknowledge-flag', title: `Acknowledge the red flag "${flag}"`, method: 'POST' as const, href: `${base}/flags/${flag}/acknowledgement`, needsIfMatch: false })),
    ...moves,
    ...dismissals.map((other) => ({ action: 'dismiss-duplicate', title: 'Say that the two are separate', method: 'POST' as const, href: `${base}/duplicates/${other}/dismissal`, needsIfMatch: false })),
  ];
}
