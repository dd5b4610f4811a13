import { atWallTime, dayPlus, localMoment } from '@cairn/people';
import { z } from 'zod';
import rules from './outcome-rules.json' with { type: 'json' };

const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time such as 08:30');
const day = z.iso.date('must be a date such as 2026-12-25');

const personSchema = z.strictObject({
  name: z.string().trim().min(1).max(120),
  /** Logical id of the Practitioner resource. */
  practitionerId: z.string().optional(),
  /** The weekdays on which they are there; every day when left out. */
  days: z.array(z.enum(WEEKDAYS)).min(1).optional(),
  /** Absences, first and last day included: their deputy, the next in the list, stands in. */
  away: z.array(z.strictObject({ from: day, to: day })).max(50).optional(),
});

/** Who reads safety findings, when, and who is asked next. */
export const safetyRotaSchema = z.strictObject({
  /** Who is asked to acknowledge within the hours: the first, then the deputies in this order, and round again. */
  people: z.array(personSchema).min(1).max(50),
  acknowledgeWithinMinutes: z.int().min(1).max(24 * 60).default(rules.acknowledgeWithinMinutes.value),
  /** When these people are there, on the clinic's own clock; always when left out. */
  hours: z
    .array(z.strictObject({ days: z.array(z.enum(WEEKDAYS)).min(1), from: time, to: time }).refine(({ from, to }) => from < to, 'must begin before it ends, within one day'))
    .min(1)
    .max(20)
    .optional(),
  /** Days on which the hours do not hold. */
  holidays: z.array(day).max(100).default([]),
  /** Who is asked outside the hours. Without anybody here nobody reads then, and senders are told so. */
  onCall: z.array(personSchema).max(50).default([]),
  /** Whom a sender calls while nobody reads, in the words that they are told. */
  outsideCover: z.string().trim().min(1).max(200).optional(),
});

export type SafetyRota = z.infer<typeof safetyRotaSchema>;
export type RotaPerson = z.infer<typeof personSchema>;

/** Who reads findings at some moment. Nobody does where `people` is empty: then `until` is when somebody will again, if that is within three weeks. */
export interface Cover {
  readonly people: readonly RotaPerson[];
  readonly until: Date | undefined;
}

const isThere = (person: RotaPerson, today: string, weekday: number): boolean =>
  (person.days === undefined || person.days.some((name) => name === WEEKDAYS[weekday - 1])) && !(person.away ?? []).some(({ from, to }) => from <= today && today <= to);

function peopleAt(rota: SafetyRota, at: Date, zone: string): readonly RotaPerson[] {
  const { day: today, weekday, time: now } = localMoment(at, zone);
  const open =
    !rota.holidays.includes(today) && (rota.hours?.some(({ days, from, to }) => days.some((name) => name === WEEKDAYS[weekday - 1]) && from <= now && now < to) ?? true);
  const regular = open ? rota.people.filter((person) => isThere(person, today, weekday)) : [];
  return regular.length > 0 ? regular : rota.onCall.filter((person) => isThere(person, today, weekday));
}

const LOOK_AHEAD_DAYS = 21;

/** Who reads at this moment on a clock in the clinic's zone. */
export function coverAt(rota: SafetyRota, at: Date, zone: string): Cover {
  const people = peopleAt(rota, at, zone);
  return { people, until: people.length > 0 ? undefined : nextCover(rota, at, zone) };
}

/** Cover begins where a day, or a span of hours, does. */
function nextCover(rota: SafetyRota, at: Date, zone: string): Date | undefined {
  const starts = [...new Set(['00:00', ...(rota.hours ?? []).map(({ from }) => from)])].sort();
  const { day: today } = localMoment(at, zone);
  for (let ahead = 0; ahead <= LOOK_AHEAD_DAYS; ahead++) {
    for (const start of starts) {
      const moment = atWallTime(dayPlus(today, ahead), start, zone);
      if (moment > at && peopleAt(rota, moment, zone).length > 0) return moment;
    }
  }
  return undefined;
}

const MINUTE_MS = 60_000;

/** Whose turn it is after so many steps, and until when. Round the people again and again, since an alert never ends by itself; while nobody reads, the time begins when somebody will. */
export function turnAt(rota: SafetyRota, step: number, at: Date, zone: string): { readonly person: RotaPerson; readonly until: Date } {
  const { people, until } = coverAt(rota, at, zone);
  const listed = people.length > 0 ? people : rota.people;
  const person = listed[step % listed.length];
  if (!person) throw new Error('A rota names at least one person.');
  return { person, until: new Date((until ?? at).getTime() + rota.acknowledgeWithinMinutes * MINUTE_MS) };
}
