import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { instrumentOf } from './instrument.js';
import { compare } from './trend.js';

const peg = instrumentOf('peg');
const phq9 = instrumentOf('phq-9');
const nrs = instrumentOf('nrs-pain');
const mean = (sum: number) => ({ sum, divisor: 3 });
const whole = (sum: number) => ({ sum, divisor: 1 });

describe('trend against the baseline', () => {
  it.each([
    // 20 → 14 is exactly 30 %, though the rounded means (6.7 → 4.7) would say 29.9 %.
    [20, 14, 'improved', '-2.0', '-30.0'],
    [20, 15, 'unchanged', '-1.7', '-25.0'],
    [20, 20, 'unchanged', '0.0', '0.0'],
    [20, 22, 'unchanged', '0.7', '10.0'],
    [20, 23, 'worse', '1.0', '15.0'],
    [30, 30, 'unchanged', '0.0', '0.0'],
    [27, 30, 'worse', '1.0', '11.1'],
    [1, 0, 'improved', '-0.3', '-100.0'],
  ])('PEG %i/3 → %i/3 is %s', (baseline, current, trend, points, percent) => {
    expect(compare(peg, mean(baseline), mean(current))).toMatchObject({ trend, points, percent });
  });

  it('a PEG baseline of 0 has no percentage and can only get worse', () => {
    expect(compare(peg, mean(0), mean(0))).toEqual({ trend: 'unchanged', points: '0.0', rule: peg.change.worse });
    expect(compare(peg, mean(0), mean(3))).toMatchObject({ trend: 'worse' });
  });

  it('says which rule decided, and whether that rule was checked', () => {
    expect(compare(peg, mean(20), mean(14)).rule).toMatchObject({ percent: 30, verified: true });
    expect(compare(peg, mean(20), mean(26)).rule).toMatchObject({ points: 1, verified: false });
    expect(compare(peg, mean(20), mean(19)).rule).toMatchObject({ percent: 30 });
  });

  it('PHQ-9 moves by 5 points', () => {
    expect(compare(phq9, whole(15), whole(10)).trend).toBe('improved');
    expect(compare(phq9, whole(15), whole(11)).trend).toBe('unchanged');
    expect(compare(phq9, whole(15), whole(19)).trend).toBe('unchanged');
    expect(compare(phq9, whole(15), whole(20)).trend).toBe('worse');
  });

  it('where two measures stand in a rule, either is enough', () => {
    expect(compare(nrs, whole(9), whole(8)).trend).toBe('improved');
    expect(compare(nrs, whole(5), whole(5)).trend).toBe('unchanged');
  });

  it('never calls a higher score improved or a lower one worse', () => {
    const sum = fc.integer({ min: 0, max: 30 });
    fc.assert(
      fc.property(sum, sum, (baseline, current) => {
        const { trend } = compare(peg, mean(baseline), mean(current));
        if (current > baseline) expect(trend).not.toBe('improved');
        if (current < baseline) expect(trend).not.toBe('worse');
        if (current === baseline) expect(trend).toBe('unchanged');
      }),
    );
  });
});
