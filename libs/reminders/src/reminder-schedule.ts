import { daysBefore } from '@cairn/people';
import { rulesOf, type ReminderKind } from './reminder-kinds.js';

/** The span of time that a reminder is about: for a meeting both are its moment, for a questionnaire when it opens and closes. */
export interface SubjectTimes {
  readonly opensAt: Date;
  readonly at: Date;
}

/** When a reminder falls due, and from when it is no longer worth sending. */
export interface Slot {
  readonly dueAt: Date;
  readonly latestAt: Date;
}

/**
 * The slot of a reminder on the recipient's clock. Days are local days with the same wall time, so that "one day before" stays right over a
 * change of the clocks. Asked again at the moment of sending, since the zone, or what is known of it, may have changed.
 */
export function slotOf(kind: ReminderKind, times: SubjectTimes, zone: string): Slot {
  const { daysBefore: first, untilDaysBefore: last } = rulesOf(kind);
  return {
    dueAt: first === undefined ? times.opensAt : daysBefore(times.at, first, zone),
    latestAt: last === undefined ? times.at : daysBefore(times.at, last, zone),
  };
}

/** From when the lack of an answer is a silence that a person should hear; null for kinds that ask nothing. Never later than the event. */
export function silentFrom(kind: ReminderKind, sentAt: Date, eventAt: Date): Date | null {
  const { asks, silenceHours } = rulesOf(kind);
  if (!asks || silenceHours === undefined) return null;
  return new Date(Math.min(sentAt.getTime() + silenceHours * 3_600_000, Math.max(eventAt.getTime(), sentAt.getTime())));
}
