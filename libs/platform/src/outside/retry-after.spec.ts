import { describe, expect, it } from '@jest/globals';
import { retryAfterSeconds } from './retry-after.js';

describe('Retry-After', () => {
  const now = new Date('2026-11-25T12:00:00Z');

  it.each([
    ['12', 12],
    ['0', 0],
    ['Wed, 25 Nov 2026 12:01:30 GMT', 90],
    ['Wed, 25 Nov 2026 11:00:00 GMT', 0],
    ['soon', undefined],
    [undefined, undefined],
  ])('%s asks for %s seconds', (header, seconds) => expect(retryAfterSeconds(header, now)).toBe(seconds));
});
