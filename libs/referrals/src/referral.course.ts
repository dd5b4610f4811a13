import { nextState } from '@cairn/kernel';
import { referralMachine, type Circumstances, type ReferralEvent, type ReferralState } from './referral.workflow.js';

/** Why a visit has to be booked anew. */
export type RebookReason = 'no-show' | 'appointment-cancelled';

/** Where a referral stands and what its clocks say: all that a transition changes. Instants are UTC. */
export interface Course {
  readonly state: ReferralState;
  readonly receivedAt: Date;
  /** Since when the minimum data set is complete, or a decision was made without it: the adjusted clock starts here. */
  readonly completeAt: Date | null;
  /** Since when the adjusted clock stands still, because information was asked for. */
  readonly pausedAt: Date | null;
  /** Milliseconds for which the adjusted clock has stood still so far. */
  readonly pausedMs: number;
  /** When the pending decision leaves for the referrer; null when none is pending. */
  readonly decisionDueAt: Date | null;
  /** When the acceptance took effect and was told. */
  readonly acceptedAt: Date | null;
  readonly firstSeenAt: Date | null;
  readonly rebookReason: RebookReason | null;
  readonly movedAt: Date;
  /** When it was over: nobody needs to do anything more. */
  readonly settledAt: Date | null;
}

/** Who acts, and what stands on the referral beside its course. */
export type Situation = Pick<Circumstances, 'by' | 'mayTriage' | 'isClinician' | 'openHardStops' | 'suspectedDuplicates'>;

/** A referral that has just come in. `complete` says whether its minimum data set is. */
export const beginCourse = (now: Date, receivedAt: Date, complete: boolean): Course => ({
  state: 'received',
  receivedAt,
  completeAt: complete ? now : null,
  pausedAt: null,
  pausedMs: 0,
  decisionDueAt: null,
  acceptedAt: null,
  firstSeenAt: null,
  rebookReason: null,
  movedAt: now,
  settledAt: null,
});

/** What the guards see of this course at this moment. */
export const circumstances = (course: Course, situation: Situation, now: Date): Circumstances => ({
  ...situation,
  decision: course.decisionDueAt === null ? 'none' : now < course.decisionDueAt ? 'undoable' : 'lapsed',
  told: course.acceptedAt !== null,
  seen: course.firstSeenAt !== null,
  settled: course.settledAt !== null,
});

/**
 * The course after the event. `undoWindowMs` is the time in which a decision can be undone (0: it lapses at once). Refuses with a conflict that names
 * the rule when the state, the actor or the circumstances forbid it.
 */
export function advance(course: Course, event: ReferralEvent, situation: Situation, now: Date, undoWindowMs: number): Course {
  const state = nextState(referralMachine, course.state, event, circumstances(course, situation, now));
  const moved: Course = { ...course, state, movedAt: now, ...settling(state, event, now) };
  switch (event) {
    case 'request-information':
      return { ...moved, pausedAt: now };
    case 'provide-information':
    case 'stop-waiting':
      return running(moved, now);
    case 'accept':
    case 'decline':
    case 'redirect':
      return { ...moved, completeAt: course.completeAt ?? now, decisionDueAt: new Date(now.getTime() + undoWindowMs) };
    case 'undo':
      return { ...moved, decisionDueAt: null };
    case 'take-effect':
      return { ...moved, decisionDueAt: null, acceptedAt: state === 'accepted' ? (course.acceptedAt ?? now) : course.acceptedAt };
    case 'miss':
      return { ...moved, rebookReason: 'no-show' };
    case 'cancel-appointment':
      return { ...moved, rebookReason: 'appointment-cancelled' };
    case 'book':
      return { ...moved, rebookReason: null };
    case 'attend':
    case 'begin-care':
      return { ...moved, firstSeenAt: course.firstSeenAt ?? now };
    case 'close-duplicate':
    case 'return-incomplete':
      return running(moved, now);
    case 'cancel':
    case 'enter-in-error':
      return running({ ...moved, decisionDueAt: null }, now);
    default:
      return moved;
  }
}

/** The course as whoever acts now finds it: a decision whose window is over takes effect before anything else happens. */
export const asFound = (course: Course, now: Date): Course =>
  course.decisionDueAt === null || now < course.decisionDueAt
    ? course
    : advance(course, 'take-effect', { by: 'cairn', mayTriage: false, isClinician: false, openHardStops: 0, suspectedDuplicates: 0 }, now, 0);

const OVER: readonly ReferralState[] = ['withdrawn', 'closed', 'closed-not-seen', 'entered-in-error'];

/** What ends an undecided referral without a window. */
const AT_ONCE: readonly ReferralEvent[] = ['take-effect', 'close-duplicate', 'return-incomplete'];

/** A redirection is settled by its confirmation or when the referrer takes it back; a decline when it takes effect; the others by being reached. */
function settling(state: ReferralState, event: ReferralEvent, now: Date): Pick<Course, 'settledAt'> | undefined {
  const settled =
    OVER.includes(state) ||
    (state === 'declined' && AT_ONCE.includes(event)) ||
    (state === 'redirected' && (event === 'confirm-redirection' || event === 'cancel'));
  return settled ? { settledAt: now } : undefined;
}

const running = (course: Course, now: Date): Course =>
  course.pausedAt === null ? course : { ...course, pausedAt: null, pausedMs: course.pausedMs + now.getTime() - course.pausedAt.getTime() };

/** The minimum data set has become complete (or was found to be): the adjusted clock starts, once. */
export const completed = (course: Course, now: Date): Course => (course.completeAt === null ? { ...course, completeAt: now } : course);

const DAY_MS = 86_400_000;

/** Both clocks in days, with one decimal. `adjusted` is null until the referral is complete. */
export interface Clocks {
  /** From receipt until first seen or over; never pauses. */
  readonly sinceReceipt: number;
  /** From completeness until first seen or over, without the time in which information was asked for. */
  readonly adjusted: number | null;
}

const days = (milliseconds: number): number => Math.round((milliseconds / DAY_MS) * 10) / 10;

/** Reads both clocks at `now`. */
export function clocks(course: Course, now: Date): Clocks {
  const until = course.firstSeenAt ?? course.settledAt ?? now;
  const paused = course.pausedMs + (course.pausedAt ? Math.max(0, until.getTime() - course.pausedAt.getTime()) : 0);
  return {
    sinceReceipt: days(until.getTime() - course.receivedAt.getTime()),
    adjusted: course.completeAt ? days(Math.max(0, until.getTime() - course.completeAt.getTime() - paused)) : null,
  };
}

/** When the patient should have been seen: `targetDays` of the adjusted clock. Counts from receipt while the referral is incomplete. */
export const targetDate = (course: Course, targetDays: number): Date =>
  new Date((course.completeAt ?? course.receivedAt).getTime() + course.pausedMs + targetDays * DAY_MS);
