import answers from './answers.json' with { type: 'json' };
import { OutsideFailure } from '@cairn/platform';
import { TokenRefused } from '../outside/smart-tokens.js';
import { CairnError } from '@cairn/kernel';
import type { Problem } from './problems.js';

export type Interaction = 'read' | 'search' | 'create' | 'update' | 'delete';

/**
 * What an answer means: `taken`, or a failure that is tried again (`postpone`: the EHR is at fault; `fail`: this delivery may be), waits for
 * a person (`give-up`), calls for another form (`form-refused`) or for a fresh look (`stale`).
 */
export type Verdict =
  | { readonly kind: 'taken' }
  | { readonly kind: 'postpone' | 'fail' | 'give-up' | 'form-refused' | 'stale'; readonly problem: Problem; readonly ehrAtFault: boolean };

/** Reads an HTTP status by the table `answers.json`. */
export function judge(status: number, interaction: Interaction): Verdict {
  const row = answers.rows.find(({ from, to, on }) => status >= from && status <= to && (on === undefined || on === interaction));
  if (!row?.problem) return { kind: 'taken' };
  return { kind: row.verdict as Exclude<Verdict['kind'], 'taken'>, problem: row.problem as Problem, ehrAtFault: row.against !== 'delivery' };
}

/** What it means that there was no answer. An error that is not the EHR's is Cairn's own. */
export function judgeFailure(error: unknown): Exclude<Verdict, { kind: 'taken' }> {
  if (error instanceof OutsideFailure) return { kind: 'postpone', problem: error.reason, ehrAtFault: true };
  if (error instanceof TokenRefused) return { kind: 'postpone', problem: error.status === 429 || error.status >= 500 ? 'busy' : 'no-token', ehrAtFault: true };
  if (error instanceof CairnError && error.kind === 'unavailable') return { kind: 'postpone', problem: UNAVAILABLE[error.code] ?? 'busy', ehrAtFault: true };
  return { kind: 'fail', problem: 'internal', ehrAtFault: false };
}

const UNAVAILABLE: Record<string, Problem> = { 'no-token-endpoint': 'no-token', 'capability-unknown': 'capability-unknown', redirected: 'redirected' };
