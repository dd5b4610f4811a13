import type { FhirAnswer } from '../outside/ehr-fhir.js';
import type { Problem } from './problems.js';
import { judge, type Interaction, type Verdict } from './verdict.js';

/** A try can't go on: why, and what the EHR answered where it did. Caught where the try began, and never shown to anybody. */
export class Halt extends Error {
  constructor(
    readonly verdict: Exclude<Verdict, { kind: 'taken' }>,
    readonly answer?: FhirAnswer,
    readonly refused?: { readonly type: string; readonly interaction: 'create' | 'update' },
  ) {
    super(verdict.problem);
    this.name = 'Halt';
  }
}

/** A problem that only a person can solve. */
export const needsPerson = (problem: Problem, answer?: FhirAnswer): Halt => new Halt({ kind: 'give-up', problem, ehrAtFault: false }, answer);

/** The answer, if it is one to go on with: taken, or stale on an update. Throws a {@link Halt} for any other. */
export function goOn(answer: FhirAnswer, type: string, interaction: Interaction): { answer: FhirAnswer; stale: boolean } {
  const verdict = judge(answer.status, interaction);
  if (verdict.kind === 'taken') return { answer, stale: false };
  if (verdict.kind === 'stale' && interaction === 'update') return { answer, stale: true };
  const refused = verdict.kind === 'form-refused' && (interaction === 'create' || interaction === 'update') ? { type, interaction } : undefined;
  throw new Halt(verdict, answer, refused);
}
