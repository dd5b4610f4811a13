import { invalid, type CairnError, type Issue } from '@cairn/kernel';
import type { AlertRule, Instrument, InstrumentItem } from './instrument.js';

/** Checked answers by linkId: the number on the scale, or the chosen option's score. An optional question left out is absent. */
export type Answers = Readonly<Record<string, number>>;

/** What reading a submission found: the answers that are sound, and what is wrong with the others. */
export interface Reading {
  readonly answers: Answers;
  readonly issues: readonly Issue[];
}

/** Whole numbers as a form or as JSON sends them. */
const wholeNumber = (value: unknown): number | undefined => {
  if (typeof value === 'number') return Number.isInteger(value) ? value : undefined;
  return typeof value === 'string' && /^-?\d{1,4}$/.test(value) ? Number(value) : undefined;
};

const isEmpty = (value: unknown): boolean => value === undefined || value === null || value === '';

/** How a question wants to be answered, as a sentence. */
function expectation({ answer }: InstrumentItem): string {
  return answer.kind === 'scale'
    ? `Send a whole number from ${answer.min} to ${answer.max}.`
    : `Send one of these codes: ${answer.options.map((option) => option.code).join(', ')}.`;
}

function answerTo({ answer }: InstrumentItem, value: unknown): number | undefined {
  if (answer.kind === 'choice') return answer.options.find((option) => option.code === value)?.score;
  const number = wholeNumber(value);
  return number !== undefined && number >= answer.min && number <= answer.max ? number : undefined;
}

/**
 * Reads a submission against the instrument. Nothing is guessed: a required question without an answer, a value off the scale, a decimal,
 * an unknown code and an unknown question are each an issue under the question's linkId.
 */
export function readAnswers(instrument: Instrument, submitted: Readonly<Record<string, unknown>>): Reading {
  const issues: Issue[] = [];
  const answers: Record<string, number> = {};
  for (const item of instrument.items) {
    const value = Object.hasOwn(submitted, item.linkId) ? submitted[item.linkId] : undefined;
    if (isEmpty(value)) {
      if (item.required) issues.push({ path: item.linkId, message: `This question needs an answer. ${expectation(item)}` });
      continue;
    }
    const answer = answerTo(item, value);
    if (answer === undefined) issues.push({ path: item.linkId, message: expectation(item) });
    else answers[item.linkId] = answer;
  }
  const known = new Set(instrument.items.map((item) => item.linkId));
  for (const key of Object.keys(submitted)) {
    if (!known.has(key)) issues.push({ path: key.slice(0, 64), message: `There is no such question. The questions are: ${[...known].join(', ')}.` });
  }
  return { answers, issues };
}

/** The error that a submission with issues becomes. */
export const refuseAnswers = (issues: readonly Issue[]): CairnError =>
  invalid('Some answers are missing or not possible.', { code: 'answers', issues });

/** The alert rules that these answers set off. Works on incomplete answers too: a dangerous answer counts even where others are missing. */
export const alertsFor = (instrument: Instrument, answers: Answers): AlertRule[] =>
  instrument.alerts.filter((rule) => (answers[rule.linkId] ?? Number.NEGATIVE_INFINITY) >= rule.atLeast);

/** Whether two sets of answers are the same. */
export function sameAnswers(one: Answers, other: Answers): boolean {
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => one[key] === other[key]);
}
