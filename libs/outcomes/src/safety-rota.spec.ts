import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { coverAt, safetyRotaSchema, turnAt } from './safety-rota.js';

const ZONE = 'America/New_York';
const WORKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri'] as const;
const rota = safetyRotaSchema.parse({
  people: [{ name: 'First' }, { name: 'Deputy', away: [{ from: '2026-12-01', to: '2026-12-02' }] }, { name: 'Mondays only', days: ['mon'] }],
  hours: [{ days: WORKDAYS, from: '08:00', to: '18:00' }],
  holidays: ['2026-12-25'],
  onCall: [{ name: 'Weekend on call', days: ['sat', 'sun'] }],
  acknowledgeWithinMinutes: 20,
});
const names = (at: string): string[] => coverAt(rota, new Date(at), ZONE).people.map(({ name }) => name);

describe('the safety rota', () => {
  it('names who is there on the clinic’s own clock', () => {
    expect(names('2026-11-30T13:00:00Z')).toEqual(['First', 'Deputy', 'Mondays only']);
    expect(names('2026-11-30T12:59:00Z')).toEqual([]);
    expect(names('2026-11-30T22:59:00Z')).toHaveLength(3);
    expect(names('2026-11-30T23:00:00Z')).toEqual([]);
  });

  it('leaves out who is away, and asks the one on call outside the hours', () => {
    expect(names('2026-12-01T15:00:00Z')).toEqual(['First']);
    expect(names('2026-12-05T03:00:00Z')).toEqual([]);
    expect(names('2026-12-05T15:00:00Z')).toEqual(['Weekend on call']);
  });

  it('says when somebody will read again, over holidays and weekends', () => {
    expect(coverAt(rota, new Date('2026-12-24T23:30:00Z'), ZONE).until).toEqual(new Date('2026-12-26T05:00:00Z'));
    expect(coverAt(rota, new Date('2026-12-25T15:00:00Z'), ZONE)).toEqual({ people: [], until: new Date('2026-12-26T05:00:00Z') });
    expect(coverAt(rota, new Date('2026-12-01T23:00:00Z'), ZONE).until).toEqual(new Date('2026-12-02T13:00:00Z'));
  });

  it('goes from person to person and round again; while nobody reads, the time begins when somebody will', () => {
    const at = new Date('2026-12-01T15:00:00Z');
    const monday = new Date('2026-11-30T15:00:00Z');
    expect([0, 1, 2, 3].map((step) => turnAt(rota, step, monday, ZONE).person.name)).toEqual(['First', 'Deputy', 'Mondays only', 'First']);
    expect(turnAt(rota, 0, at, ZONE).until).toEqual(new Date('2026-12-01T15:20:00Z'));
    expect(turnAt(rota, 0, new Date('2026-12-01T23:00:00Z'), ZONE).until).toEqual(new Date('2026-12-02T13:20:00Z'));
  });

  it('covers always where no hours are set, and never names a moment of cover at which nobody is there', () => {
    const always = safetyRotaSchema.parse({ people: [{ name: 'A' }] });
    fc.assert(
      fc.property(fc.date({ min: new Date('2026-01-01'), max: new Date('2028-01-01'), noInvalidDate: true }), (at) => {
        expect(coverAt(always, at, ZONE).people).toHaveLength(1);
        const { people, until } = coverAt(rota, at, ZONE);
        if (people.length > 0) return;
        expect(until && until > at && coverAt(rota, until, ZONE).people.length > 0).toBe(true);
      }),
    );
  });
});
