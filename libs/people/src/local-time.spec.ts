import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { atWallTime, dayPlus, daysBefore, isZone, localDay, nextWithin } from './local-time.js';

const zones = fc.constantFrom(...Intl.supportedValuesOf('timeZone'));
const instants = fc.date({ min: new Date('1990-01-01T00:00:00Z'), max: new Date('2037-12-31T00:00:00Z'), noInvalidDate: true });
const times = fc.tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 })).map(([hour, minute]) => `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`);
const wallTimeAt = (instant: Date, zone: string): string => Temporal.Instant.fromEpochMilliseconds(instant.getTime()).toZonedDateTimeISO(zone).toPlainTime().toString({ smallestUnit: 'minute' });

describe('local time', () => {
  it('moves a time that spring skips forward by the gap', () => {
    expect(atWallTime('2026-03-08', '02:30', 'America/New_York')).toEqual(new Date('2026-03-08T07:30:00Z'));
  });

  it('takes the first of a time that autumn has twice', () => {
    expect(atWallTime('2026-11-01', '01:30', 'America/New_York')).toEqual(new Date('2026-11-01T05:30:00Z'));
  });

  it('keeps the wall time one day before, be the day 23 or 25 hours long', () => {
    expect(daysBefore(new Date('2026-03-08T14:00:00Z'), 1, 'America/New_York')).toEqual(new Date('2026-03-07T15:00:00Z'));
    expect(daysBefore(new Date('2026-11-01T15:00:00Z'), 1, 'America/New_York')).toEqual(new Date('2026-10-31T14:00:00Z'));
  });

  it('knows a zone from what is none', () => {
    expect(['America/New_York', 'Pacific/Apia', 'UTC'].map(isZone)).toEqual([true, true, true]);
    expect(['', 'Mars/Olympus', '+02:00', 'now'].map(isZone)).toEqual([false, false, false, false]);
  });

  it('shows the wall time asked for, or a later one on a day that skips it, in every zone', () => {
    fc.assert(
      fc.property(zones, instants, times, (zone, near, time) => {
        const day = localDay(near, zone);
        const instant = atWallTime(day, time, zone);
        const exact = wallTimeAt(instant, zone) === time && localDay(instant, zone) === day;
        if (exact) {
          const hourEarlier = new Date(instant.getTime() - 3_600_000);
          expect(wallTimeAt(hourEarlier, zone) === time && localDay(hourEarlier, zone) === day).toBe(false);
        } else {
          expect(`${localDay(instant, zone)} ${wallTimeAt(instant, zone)}` > `${day} ${time}`).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('never answers with a time outside the hours, nor an earlier one, nor a day late', () => {
    const hours = { from: '08:00', to: '21:00' };
    fc.assert(
      fc.property(zones, instants, (zone, instant) => {
        const next = nextWithin(instant, hours, zone);
        expect(next.getTime()).toBeGreaterThanOrEqual(instant.getTime());
        expect(next.getTime() - instant.getTime()).toBeLessThan(24 * 3_600_000);
        const time = wallTimeAt(next, zone);
        expect(time >= '08:00' && time < '21:00').toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('counts days over the ends of months and years', () => {
    expect([dayPlus('2026-12-31', 1), dayPlus('2028-03-01', -1)]).toEqual(['2027-01-01', '2028-02-29']);
  });
});
