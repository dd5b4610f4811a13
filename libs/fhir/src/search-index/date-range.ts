const DATE = /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:\d{2})?)?)?)?$/;

/** The stretch of time that a FHIR date stands for, in milliseconds since 1970: from `low`, up to but without `high`. */
export interface DateRange {
  readonly low: number;
  readonly high: number;
}

/**
 * The range of a FHIR date, dateTime or instant: `2024` is the whole year, `2024-05-01T10:00:00Z` one second. What has no zone is read
 * as UTC. Undefined when it is not such a date.
 */
export function rangeOf(date: string): DateRange | undefined {
  const match = DATE.exec(date);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  const y = Number(year);
  if (month === undefined) return between(utc(y, 0, 1), utc(y + 1, 0, 1));
  const m = Number(month) - 1;
  if (m < 0 || m > 11) return undefined;
  if (day === undefined) return between(utc(y, m, 1), utc(y, m + 1, 1));
  const d = Number(day);
  if (d < 1 || utc(y, m, d) >= utc(y, m + 1, 1)) return undefined;
  if (hour === undefined) return between(utc(y, m, d), utc(y, m, d + 1));
  if (Number(hour) > 24 || Number(minute) > 59 || Number(second ?? 0) > 60) return undefined;
  const start = utc(y, m, d) + (Number(hour) * 60 + Number(minute)) * 60_000 - offsetOf(zone);
  if (second === undefined) return between(start, start + 60_000);
  const whole = start + Number(second) * 1000;
  if (fraction === undefined) return between(whole, whole + 1000);
  const step = 1000 / 10 ** Math.min(fraction.length, 3);
  const low = whole + Number(fraction.slice(0, 3)) * step;
  return between(low, low + step);
}

const between = (low: number, high: number): DateRange => ({ low, high });

function utc(year: number, month: number, day: number): number {
  const time = Date.UTC(2000, month, day);
  // Date.UTC reads years below 100 as 19xx, so the year is set apart.
  return new Date(time).setUTCFullYear(year, month, day);
}

function offsetOf(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6));
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000;
}
