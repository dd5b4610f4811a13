import type { ChangeRule, Instrument } from './instrument.js';
import { decimal, type Score } from './score.js';

export type Trend = 'improved' | 'unchanged' | 'worse';

/** How a score stands against the baseline, and by which rule. */
export interface Comparison {
  readonly trend: Trend;
  /** Score minus baseline, with two decimals at most; below zero is better. */
  readonly points: string;
  /** The same in per cent of the baseline, one decimal. Absent where the baseline is 0. */
  readonly percent?: string;
  /** The rule that decided; for `unchanged`, the one that was not reached. */
  readonly rule: ChangeRule;
}

/** Whether a change by `steps/divisor` points reaches the rule. All whole numbers: no rounding can tip it. */
function reaches(rule: ChangeRule, steps: number, baseline: Score): boolean {
  if (steps <= 0) return false;
  if (rule.points !== undefined && steps >= rule.points * baseline.divisor) return true;
  return rule.percent !== undefined && baseline.sum > 0 && 100 * steps >= rule.percent * baseline.sum;
}

/**
 * Compares a score with the baseline by the smallest change that matters to patients (MCID), as the instrument's data says. In every
 * instrument here a higher score is worse. Both scores must be of the same instrument.
 */
export function compare(instrument: Instrument, baseline: Score, current: Score): Comparison {
  const { improved, worse } = instrument.change;
  const steps = current.sum - baseline.sum;
  const better = reaches(improved, -steps, baseline);
  const trend: Trend = better ? 'improved' : reaches(worse, steps, baseline) ? 'worse' : 'unchanged';
  return {
    trend,
    points: decimal(steps, baseline.divisor, instrument.scoring.decimals),
    ...(baseline.sum > 0 ? { percent: decimal(100 * steps, baseline.sum, 1) } : {}),
    rule: better || steps < 0 ? improved : worse,
  };
}
