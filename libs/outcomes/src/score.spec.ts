import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { instrumentOf } from './instrument.js';
import { bandOf, decimal, decimalOf, scoreOf } from './score.js';

const peg = instrumentOf('peg');
const phq9 = instrumentOf('phq-9');
const answer = fc.integer({ min: 0, max: 10 });

describe('scoring', () => {
  it.each([
    [[5, 6, 6], '5.7'],
    [[6, 6, 6], '6.0'],
    [[10, 10, 10], '10.0'],
    [[0, 0, 0], '0.0'],
    [[0, 0, 1], '0.3'],
  ])('a PEG of %p is %s', ([peg1 = 0, peg2 = 0, peg3 = 0], expected) => {
    const score = scoreOf(peg, { peg1, peg2, peg3 });
    expect(score && decimalOf(peg, score)).toBe(expected);
  });

  it('gives a PEG no score when one answer is missing', () => {
    expect(scoreOf(peg, { peg1: 5, peg3: 5 })).toBeUndefined();
  });

  it('keeps the PEG mean exact', () => {
    fc.assert(
      fc.property(answer, answer, answer, (peg1, peg2, peg3) => {
        expect(scoreOf(peg, { peg1, peg2, peg3 })).toEqual({ sum: peg1 + peg2 + peg3, divisor: 3 });
      }),
    );
  });

  it('sums the nine PHQ-9 items and leaves the difficulty question out', () => {
    const nine = Object.fromEntries(phq9.items.filter((item) => item.scored).map(({ linkId }) => [linkId, 3]));
    expect(scoreOf(phq9, { ...nine, phq10: 3 })).toEqual({ sum: 27, divisor: 1 });
    expect(scoreOf(phq9, { ...nine, phq10: 3 }) && decimalOf(phq9, { sum: 27, divisor: 1 })).toBe('27');
  });

  it('finds the band', () => {
    expect(bandOf(phq9, { sum: 9, divisor: 1 })).toEqual({ label: 'mild', verified: true });
    expect(bandOf(phq9, { sum: 10, divisor: 1 })).toEqual({ label: 'moderate', verified: true });
    expect(bandOf(peg, { sum: 20, divisor: 3 })).toEqual({ label: 'moderate', verified: false });
    expect(bandOf(peg, { sum: 21, divisor: 3 })).toEqual({ label: 'severe', verified: false });
  });
});

describe('decimals', () => {
  it('round halves away from zero and know no minus zero', () => {
    expect([decimal(5, 2, 0), decimal(-5, 2, 0), decimal(-1, 30, 1), decimal(1, 8, 2), decimal(-7, 3, 1)]).toEqual(['3', '-3', '0.0', '0.13', '-2.3']);
  });
});
