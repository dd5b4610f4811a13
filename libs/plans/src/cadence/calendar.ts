import { Temporal } from 'temporal-polyfill';

/** The same time of day, so many calendar days later, on the clock of `zone` (IANA). A change to or from summer time in between does not shift it. */
export function addDays(instant: Date, days: number, zone: string): Date {
  const zoned = Temporal.Instant.fromEpochMilliseconds(instant.getTime()).toZonedDateTimeISO(zone);
  return new Date(zoned.add({ days }).epochMilliseconds);
}

