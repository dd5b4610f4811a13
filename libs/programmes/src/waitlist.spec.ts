import { describe, expect, it } from '@jest/globals';
import { firstWhoFits, fits, type Waiting } from './waitlist.js';

const waiting = (id: string, day: number, more: Partial<Waiting> = {}): Waiting => ({
  id,
  listedAt: new Date(Date.UTC(2026, 0, day)),
  languages: ['en'],
  formats: ['in-person'],
  passedCohortIds: [],
  ...more,
});
const place = { cohortId: 'c1', language: 'en-US', format: 'in-person' } as const;

describe('a freed place', () => {
  it('goes to the one who has waited longest', () => {
    expect(firstWhoFits([waiting('b', 3), waiting('a', 2), waiting('c', 4)], place)?.id).toBe('a');
  });

  it('passes over whom its language or format does not suit, and who let it go before', () => {
    const list = [
      waiting('spanish', 1, { languages: ['es-MX'] }),
      waiting('online', 2, { formats: ['online'] }),
      waiting('passed', 3, { passedCohortIds: ['c1'] }),
      waiting('both', 4, { languages: ['es', 'en'], formats: ['online', 'in-person'] }),
    ];
    expect(firstWhoFits(list, place)?.id).toBe('both');
  });

  it('stays free when it suits nobody', () => {
    expect(firstWhoFits([waiting('spanish', 1, { languages: ['es'] })], place)).toBeUndefined();
    expect(firstWhoFits([], place)).toBeUndefined();
  });

  it('is the same for two who came at the same moment', () => {
    expect(firstWhoFits([waiting('z', 1), waiting('a', 1)], place)?.id).toBe('a');
  });

  it('looks at the language, not at the region', () => {
    expect(fits(waiting('a', 1, { languages: ['en-GB'] }), place)).toBe(true);
    expect(fits(waiting('a', 1, { languages: ['eng'] }), place)).toBe(false);
  });
});
