import type { Answers } from './answers.js';
import type { Instrument } from './instrument.js';

/**
 * A score as an exact fraction of whole numbers, so that comparing with a threshold never depends on rounding: a PEG of 17/3 is not 5.7.
 */
export interface Score {
  readonly sum: number;
  /** Number of scored answers that the sum is divided by: 1 where the sum itself is the score. */
  readonly divisor: number;
}

/** The score, or undefined when a scored question has no answer: it is never prorated or guessed. */
export function scoreOf(instrument: Instrument, answers: Answers): Score | undefined {
  const scored = instrument.items.filter((item) => item.scored).map((item) => answers[item.linkId]);
  let sum = 0;
  for (const answer of scored) {
    if (answer === undefined) return undefined;
    sum += answer;
  }
  return { sum, divisor: instrument.scoring.method === 'mean' ? scored.length : 1 };
}

/** The score as a decimal with as many places as the instrument keeps, half rounded up: "5.7", "6.0", "12". */
export function decimalOf(instrument: Instrument, { sum, divisor }: Score): string {
  return decimal(sum, divisor, instrument.scoring.decimals);
}

/** `numerator / denominator` (denominator above 0) to this many places, half rounded away from zero, in exact arithmetic. */
export function decimal(numerator: number, denominator: number, places: number): string {
  const scale = 10 ** places;
  const scaled = Math.floor((2 * Math.abs(numerator) * scale + denominator) / (2 * denominator));
  const digits = String(scaled).padStart(places + 1, '0');
  const sign = numerator < 0 && scaled > 0 ? '-' : '';
  return places === 0 ? `${sign}${digits}` : `${sign}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

/** The band that the score falls in, and whether the bands were checked against a source. */
export function bandOf(instrument: Instrument, { sum, divisor }: Score): { readonly label: string; readonly verified: boolean } | undefined {
  const level = instrument.bands.levels.findLast(({ from }) => sum >= from * divisor);
  return level && { label: level.label, verified: instrument.bands.verified };
}
