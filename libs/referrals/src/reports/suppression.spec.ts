import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { withoutSmallGroups, type Group } from './suppression.js';

const groups = (...counts: number[]): Group[] => counts.map((count, index) => ({ group: `g${index}`, count, medianDays: count }));
const shown = (...counts: number[]): number[] => withoutSmallGroups('language', groups(...counts)).groups.map(({ count }) => count);

describe('small groups in a split', () => {
  it.each([
    ['all are large', [9, 8, 5], [9, 8, 5]],
    ['one is small: the next smallest goes with it', [20, 9, 3], [20]],
    ['two are small and together large enough', [20, 4, 3], [20]],
    ['two are small and together still small: the next goes too', [20, 9, 2, 1], [20]],
    ['two groups, one small: nothing is left', [30, 4], []],
    ['one small group', [4], []],
    ['one large group', [12], [12]],
    ['nobody', [], []],
    ['empty groups tell nothing', [12, 0, 0], [12]],
  ])('%s', (_, counts, expected) => expect(shown(...counts)).toEqual(expected));

  it('never shows a group under five, and what is left out is five or more in two groups or more', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(40), { maxLength: 12 }), (counts) => {
        const { groups: kept, withheld } = withoutSmallGroups('area', groups(...counts));
        const real = counts.filter((count) => count > 0);
        const left = real.reduce((sum, count) => sum + count, 0) - kept.reduce((sum, { count }) => sum + count, 0);
        expect(kept.every(({ count }) => count >= 5)).toBe(true);
        expect(withheld).toBe(kept.length < real.length);
        if (withheld && kept.length > 0) {
          expect(left).toBeGreaterThanOrEqual(5);
          expect(real.length - kept.length).toBeGreaterThanOrEqual(2);
        }
      }),
    );
  });
});
