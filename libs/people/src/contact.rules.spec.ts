import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mayContact, type ContactQuestion } from './contact.rules.js';
import { localDay } from './local-time.js';

const noon = new Date('2026-11-24T17:00:00Z'); // 12:00 in New York
const willing: ContactQuestion = {
  now: noon,
  zone: 'America/New_York',
  topic: 'care',
  channel: 'sms',
  deceased: false,
  standing: { consents: [{ topic: 'care', channel: 'sms', how: 'given-to-provider', since: noon }], optOuts: [] },
  sentLately: [],
};

describe('whether a patient may be contacted', () => {
  it('says yes to a living, consenting patient by day', () => {
    expect(mayContact(willing)).toEqual({ ok: true });
  });

  it('never writes to the dead', () => {
    expect(mayContact({ ...willing, deceased: true })).toEqual({ ok: false, rule: 'deceased' });
  });

  it('needs consent for this topic on this channel', () => {
    expect(mayContact({ ...willing, channel: 'email' })).toEqual({ ok: false, rule: 'no-consent' });
    expect(mayContact({ ...willing, topic: 'questionnaires' })).toEqual({ ok: false, rule: 'no-consent' });
  });

  it('lets an opt-out weigh more than a consent', () => {
    const standing = { ...willing.standing, optOuts: [{ topic: 'care' as const, how: 'sms-reply' as const, since: noon }] };
    expect(mayContact({ ...willing, standing })).toEqual({ ok: false, rule: 'opted-out' });
  });

  it.each([
    ['2026-11-24T12:59:00Z', '2026-11-24T13:00:00Z'], // 07:59
    ['2026-11-25T02:00:00Z', '2026-11-25T13:00:00Z'], // 21:00
    ['2026-11-01T05:30:00Z', '2026-11-01T13:00:00Z'], // 01:30, the first of two, in the night the clocks go back
  ])('waits at %s for eight in the morning of the recipient', (now, until) => {
    expect(mayContact({ ...willing, now: new Date(now) })).toEqual({ ok: false, rule: 'quiet-hours', until: new Date(until) });
  });

  it('asks the recipient’s clock, not the clinic’s', () => {
    expect(mayContact({ ...willing, now: new Date('2026-11-25T02:00:00Z'), zone: 'America/Los_Angeles' })).toEqual({ ok: true });
  });

  it('sends one text a day and three a week', () => {
    const thisMorning = new Date('2026-11-24T13:30:00Z');
    expect(mayContact({ ...willing, sentLately: [thisMorning] })).toEqual({ ok: false, rule: 'frequency-cap', until: new Date('2026-11-25T13:00:00Z') });
    const threeThisWeek = ['2026-11-19T15:00:00Z', '2026-11-20T15:00:00Z', '2026-11-22T15:00:00Z'].map((at) => new Date(at));
    expect(mayContact({ ...willing, sentLately: threeThisWeek })).toEqual({ ok: false, rule: 'frequency-cap', until: new Date('2026-11-26T13:00:00Z') });
    expect(mayContact({ ...willing, sentLately: threeThisWeek.slice(1) })).toEqual({ ok: true });
  });

  it('says a later moment at which the answer is yes, in every zone and with any past', () => {
    const zones = fc.constantFrom(...Intl.supportedValuesOf('timeZone'));
    const days = fc.array(fc.integer({ min: 0, max: 8 * 24 * 60 }), { maxLength: 6 });
    fc.assert(
      fc.property(zones, fc.date({ min: new Date('2026-01-01'), max: new Date('2030-01-01'), noInvalidDate: true }), days, (zone, now, past) => {
        const sentLately = past.map((minutes) => new Date(now.getTime() - minutes * 60_000));
        const answer = mayContact({ ...willing, now, zone, sentLately });
        if (answer.ok) {
          expect(sentLately.filter((sent) => localDay(sent, zone) === localDay(now, zone))).toHaveLength(0);
          return;
        }
        expect(answer.until && answer.until > now).toBe(true);
        const later = mayContact({ ...willing, now: answer.until ?? now, zone, sentLately });
        if (answer.rule === 'frequency-cap') expect(later).toEqual({ ok: true });
        else expect(later.ok || later.rule === 'frequency-cap').toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
