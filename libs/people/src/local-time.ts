import { Temporal } from 'temporal-polyfill';

/** A span of the day on somebody's own clock, `HH:MM`; `from` belongs to it, `to` does not. */
export interface DayHours {
  readonly from: string;
  readonly to: string;
}

const zonedAt = (instant: Date, zone: string): Temporal.ZonedDateTime => Temporal.Instant.fromEpochMilliseconds(instant.getTime()).toZonedDateTimeISO(zone);

const toDate = (zoned: Temporal.ZonedDateTime): Date => new Date(zoned.epochMilliseconds);

/** Whether the text is an IANA time zone that this machine knows, such as `America/New_York`. Plain offsets are not: they know no summer time. */
export function isZone(text: string): boolean {
  if (!/^[A-Za-z]/.test(text)) return false;
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(text);
    return true;
  } catch {
    return false;
  }
}

/** The calendar day in the zone, `YYYY-MM-DD`. */
export const localDay = (instant: Date, zone: string): string => zonedAt(instant, zone).toPlainDate().toString();

/** What a clock and a calendar in the zone show: the day, its number in the week (Monday is 1) and the time, `HH:MM`. */
export function localMoment(instant: Date, zone: string): { readonly day: string; readonly weekday: number; readonly time: string } {
  const zoned = zonedAt(instant, zone);
  return { day: zoned.toPlainDate().toString(), weekday: zoned.dayOfWeek, time: zoned.toPlainTime().toString({ smallestUnit: 'minute' }) };
}

/** The calendar day so many days later; earlier when negative. */
export const dayPlus = (day: string, days: number): string => Temporal.PlainDate.from(day).add({ days }).toString();

/**
 * The instant at which a clock in the zone shows this day and time. A time that the zone skips (spring) moves forward by the gap; one that
 * happens twice (autumn) is the first. Source: RFC 5545 3.3.5, Temporal's "compatible" disambiguation.
 */
export const atWallTime = (day: string, time: string, zone: string): Date =>
  toDate(Temporal.PlainDate.from(day).toZonedDateTime({ timeZone: zone, plainTime: Temporal.PlainTime.from(time) }));

/** The instant with the same wall time so many local days before, by the rule of {@link atWallTime}: "one day before" may be 23 or 25 hours. */
export const daysBefore = (instant: Date, days: number, zone: string): Date => toDate(zonedAt(instant, zone).subtract({ days }));

/** The instant with the same wall time so many local days after, by the rule of {@link atWallTime}. */
export const daysAfter = (instant: Date, days: number, zone: string): Date => toDate(zonedAt(instant, zone).add({ days }));

/** The instant itself when the clock in the zone stands within the hours, else the next instant when it does. */
export function nextWithin(instant: Date, hours: DayHours, zone: string): Date {
  const zoned = zonedAt(instant, zone);
  const time = zoned.toPlainTime();
  if (Temporal.PlainTime.compare(time, hours.from) >= 0 && Temporal.PlainTime.compare(time, hours.to) < 0) return instant;
  const today = zoned.toPlainDate();
  const day = Temporal.PlainTime.compare(time, hours.from) < 0 ? today : today.add({ days: 1 });
  return atWallTime(day.toString(), hours.from, zone);
}
