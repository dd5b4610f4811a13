/** How one step of the self-test ended. A warning does not stop the exchange; it says what will be poorer. */
export type StepOutcome = 'passed' | 'warning' | 'failed' | 'skipped';

/** One step of the self-test: what was looked at, what was found, and in a plain sentence how to mend it. Never holds patient data. */
export interface CheckStep {
  readonly step: string;
  readonly outcome: StepOutcome;
  readonly found: string;
  readonly mend?: string;
}
