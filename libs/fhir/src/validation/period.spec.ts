import { describe, expect, it } from '@jest/globals';
import { beginsBeforeEnd } from './period.js';

describe('the order of a period', () => {
  it.each<[string, string, boolean]>([
    ['2024', '2025', true],
    ['2024-05-01', '2024-05-01', true],
    ['2024-05-02', '2024-05-01', false],
    ['2024-05-01T10:00:00Z', '2024-05-01T10:00:00Z', true],
    ['2024-05-01T10:00:00+02:00', '2024-05-01T09:00:00Z', true],
    ['2024-05-01T10:00:00-02:00', '2024-05-01T11:00:00Z', false],
    ['2024-05', '2024-06-01T00:00:00Z', true],
    ['2024-05', '2024-05-01', false],
    ['2024-05-01', '2024-05-01T06:20:00Z', false],
    ['2024-05-01T06:20:00Z', '2024', false],
  ])('%s to %s: %s', (start, end, certain) => {
    expect(beginsBeforeEnd(start, end)).toBe(certain);
  });
});
