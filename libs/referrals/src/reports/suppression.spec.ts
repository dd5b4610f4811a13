import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { withoutSmallGroups, withoutSmallNeeds, type Group } from './suppression.js';

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

describe('small groups among access needs, of which one person may have several', () => {
  const told = (anyNeed: number, total: number, ...counts: number[]): number[] => withoutSmallNeeds('need', groups(...counts), { anyNeed, total }).groups.map(({ count }) => count);
  it.each<[string, number, number, number[], number[]]>([
    ['all are large and far from each other', 20, 50, [12, 9], [12, 9]],
    ['one is small', 20, 50, [12, 9, 4], [12, 9]],
    ['the difference to all with needs is small', 12, 50, [9, 6], [6]],
    ['the difference to everybody is small', 48, 50, [48, 20], [20]],
    ['all with needs have it', 12, 50, [12], [12]],
    ['what is left beside those shown is small: the smallest goes with it', 20, 50, [12, 5, 3], [12]],
    ['nobody', 0, 50, [], []],
  ])('%s', (_, anyNeed, total, counts, expected) => expect(told(anyNeed, total, ...counts)).toEqual(expected));

  it('never lets a difference between figures that are told be one to four people', () => {
    const people = fc.array(fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), { maxLength: 40 });
    fc.assert(
      fc.property(people, (has) => {
        const counts = [0, 1, 2, 3].map((need) => has.filter((person) => person[need]).length);
        const anyNeed = has.filter((person) => person.some(Boolean)).length;
        const shown = told(anyNeed, has.length, ...counts);
        const rests = [anyNeed - shown.reduce((sum, count) => sum + count, 0), ...shown.flatMap((count) => [count, has.length - count, anyNeed - count])];
        if (shown.length > 0) expect(rests.filter((rest) => rest > 0 && rest < 5)).toEqual([]);
      }),
    );
  });
});
