import { atWallTime, dayPlus } from '@cairn/people';
import { visitsLeft, type Authorisation } from './authorisation.entity.js';
import type { AuthorisationState } from './authorisation.workflow.js';

/** A clinic's rules for authorisations, in days and visits. */
export interface AuthorisationRules {
  readonly remindDays: number;
  readonly remindVisits: number;
  readonly askDays: number;
  readonly chaseDays: number;
  readonly decideDays: number;
}

type Course = Pick<Authorisation, 'state' | 'grantedUntil' | 'visitsGranted' | 'visitsUsed' | 'remindedAt'>;

/** What must happen next, when, and when the clock looks again. Null where nothing must. */
export interface NextOfAuthorisation {
  readonly nextAction: string | null;
  readonly nextActionAt: Date | null;
  readonly dueAt: Date | null;
}

const DAY_MS = 86_400_000;
const MIDNIGHT = '00:00';

/** When a grant ends: at the end of its last day in the clinic's zone. */
export const endOfGrant = (until: string, zone: string): Date => atWallTime(dayPlus(until, 1), MIDNIGHT, zone);

/** Whether so few visits are left that it must be renewed. */
export const runsShort = (course: Course, rules: AuthorisationRules): boolean => {
  const left = visitsLeft(course);
  return left !== null && left <= rules.remindVisits;
};

/** Follows from the row alone; `now` counts the days that a person has. */
export function nextOf(course: Course, rules: AuthorisationRules, zone: string, now: Date): NextOfAuthorisation {
  const within = (days: number): Date => new Date(now.getTime() + days * DAY_MS);
  const step = (nextAction: string, days: number): NextOfAuthorisation => ({ nextAction, nextActionAt: within(days), dueAt: null });
  const waiting: Readonly<Record<Exclude<AuthorisationState, 'granted'>, NextOfAuthorisation>> = {
    needed: step('ask-insurer', rules.askDays),
    asked: step('chase-insurer', rules.chaseDays),
    'used-up': step('renew-or-close', rules.decideDays),
    expired: step('renew-or-close', rules.decideDays),
    denied: step('appeal-or-close', rules.decideDays),
    closed: { nextAction: null, nextActionAt: null, dueAt: null },
  };
  if (course.state !== 'granted') return waiting[course.state];
  const ends = endOfGrant(course.grantedUntil ?? '', zone);
  if (course.remindedAt) return { nextAction: 'renew', nextActionAt: new Date(Math.min(within(rules.askDays).getTime(), ends.getTime())), dueAt: ends };
  const remind = runsShort(course, rules) ? now : new Date(Math.max(now.getTime(), atWallTime(dayPlus(course.grantedUntil ?? '', -rules.remindDays), MIDNIGHT, zone).getTime()));
  return { nextAction: 'renew', nextActionAt: remind, dueAt: remind };
}
