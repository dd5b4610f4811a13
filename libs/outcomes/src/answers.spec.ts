import { describe, expect, it } from '@jest/globals';
import { alertsFor, readAnswers, sameAnswers } from './answers.js';
import { instrumentOf } from './instrument.js';

const peg = instrumentOf('peg');
const phq9 = instrumentOf('phq-9');
const [never, severalDays] = ['LA6568-5', 'LA6569-3'];
const allNever = Object.fromEntries(phq9.items.filter((item) => item.required).map(({ linkId }) => [linkId, never]));

describe('reading answers', () => {
  it('takes numbers from JSON and from a form', () => {
    expect(readAnswers(peg, { peg1: 7, peg2: '0', peg3: '10' })).toEqual({ answers: { peg1: 7, peg2: 0, peg3: 10 }, issues: [] });
  });

  it('names every question without an answer, and guesses none', () => {
    const { answers, issues } = readAnswers(peg, { peg2: '' });
    expect(answers).toEqual({});
    expect(issues.map(({ path }) => path)).toEqual(['peg1', 'peg2', 'peg3']);
    expect(issues[0]?.message).toBe('This question needs an answer. Send a whole number from 0 to 10.');
  });

  it.each([11, -1, 5.5, '5.5', 'seven', true, [7], { value: 7 }, Number.NaN, '1e1', '٣'])('refuses %p on a scale from 0 to 10', (value) => {
    expect(readAnswers(peg, { peg1: value, peg2: 1, peg3: 1 }).issues.map(({ path }) => path)).toEqual(['peg1']);
  });

  it('refuses questions that do not exist, also those named like parts of an object', () => {
    expect(readAnswers(peg, { peg1: 1, peg2: 1, peg3: 1, peg4: 1, constructor: 1 }).issues.map(({ path }) => path)).toEqual(['peg4', 'constructor']);
    expect(readAnswers(peg, {}).answers).toEqual({});
  });

  it('takes codes for choices by their scores, not by the order of the codes', () => {
    const { answers, issues } = readAnswers(phq9, { ...allNever, phq9: severalDays, phq10: 'LA6575-0' });
    expect(issues).toEqual([]);
    expect(answers).toMatchObject({ phq1: 0, phq9: 1, phq10: 2 });
  });

  it('lets the question on difficulty be left out', () => {
    expect(readAnswers(phq9, allNever).issues).toEqual([]);
  });

  it('refuses a score where a code is asked for', () => {
    expect(readAnswers(phq9, { ...allNever, phq3: 1 }).issues.map(({ path }) => path)).toEqual(['phq3']);
  });
});

describe('a dangerous answer', () => {
  it('is found even where others are missing', () => {
    const { answers, issues } = readAnswers(phq9, { phq9: severalDays });
    expect(issues).toHaveLength(8);
    expect(alertsFor(phq9, answers).map(({ id }) => id)).toEqual(['phq9-item9']);
  });

  it('is not seen in "not at all"', () => {
    expect(alertsFor(phq9, readAnswers(phq9, allNever).answers)).toEqual([]);
  });
});

describe('the same answers twice', () => {
  it('are known as the same', () => {
    expect(sameAnswers({ a: 1, b: 2 }, { b: 2, a: 1 })).toBe(true);
    expect(sameAnswers({ a: 1 }, { a: 2 })).toBe(false);
    expect(sameAnswers({ a: 1 }, { b: 1 })).toBe(false);
    expect(sameAnswers({ a: 1 }, { a: 1, b: 1 })).toBe(false);
  });
});
