import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { localDay, dayPlus } from '@cairn/people';
import { KINDS, kindsAbout, rulesOf } from './reminder-kinds.js';
import { silentFrom, slotOf } from './reminder-schedule.js';

const NEW_YORK = 'America/New_York';
const meeting = (at: string) => ({ opensAt: new Date(at), at: new Date(at) });

describe('when reminders fall due', () => {
  it('is three days and one day before a review, and a week for the follow-up', () => {
    const due = (kind: (typeof KINDS)[number]) => slotOf(kind, meeting('2026-11-24T15:00:00Z'), NEW_YORK).dueAt.toISOString();
    expect(kindsAbout('plan-review').map(due)).toEqual(['2026-11-17T15:00:00.000Z', '2026-11-21T15:00:00.000Z', '2026-11-23T15:00:00.000Z']);
  });

  it('keeps the wall time over the change of the clocks', () => {
    expect(slotOf('review-1-day', meeting('2026-11-01T15:00:00Z'), NEW_YORK).dueAt).toEqual(new Date('2026-10-31T14:00:00Z'));
    expect(slotOf('review-1-day', meeting('2026-03-09T06:30:00Z'), NEW_YORK).dueAt).toEqual(new Date('2026-03-08T07:30:00Z')); // 02:30 does not exist that day
  });

  it('is when a questionnaire opens, until it closes', () => {
    const times = { opensAt: new Date('2026-11-24T15:00:00Z'), at: new Date('2026-12-08T15:00:00Z') };
    expect(slotOf('questionnaire', times, NEW_YORK)).toEqual({ dueAt: times.opensAt, latestAt: times.at });
  });

  it('never lets two of a series be worth sending at the same time', () => {
    const zones = fc.constantFrom(...Intl.supportedValuesOf('timeZone'));
    const instants = fc.date({ min: new Date('2020-01-01'), max: new Date('2037-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(zones, instants, (zone, at) => {
        const slots = kindsAbout('plan-review').map((kind) => ({ kind, ...slotOf(kind, { opensAt: at, at }, zone) }));
        for (const [index, slot] of slots.entries()) {
          expect(slot.dueAt < slot.latestAt).toBe(true);
          const next = slots[index + 1];
          if (next) expect(slot.latestAt.getTime()).toBe(next.dueAt.getTime());
          const days = rulesOf(slot.kind).daysBefore ?? 0;
          const expected = dayPlus(localDay(at, zone), -days);
          expect([expected, dayPlus(expected, 1)]).toContain(localDay(slot.dueAt, zone)); // a skipped day (Samoa 2011) or hour moves it forward
        }
      }),
    );
  });

  it('hears a silence two days after sending, and not after the event', () => {
    const sent = new Date('2026-11-17T15:00:00Z');
    expect(silentFrom('follow-up', sent, new Date('2026-11-24T15:00:00Z'))).toEqual(new Date('2026-11-19T15:00:00Z'));
    expect(silentFrom('follow-up', sent, new Date('2026-11-18T15:00:00Z'))).toEqual(new Date('2026-11-18T15:00:00Z'));
    expect(silentFrom('review-1-day', sent, new Date('2026-11-24T15:00:00Z'))).toBeNull();
  });

  it('has a source for every kind', async () => {
    const { default: table } = await import('./reminder-kinds.json', { with: { type: 'json' } });
    for (const kind of KINDS) expect(table.kinds[kind]).toMatchObject({ source: expect.any(String), verified: expect.any(Boolean) });
  });
});
