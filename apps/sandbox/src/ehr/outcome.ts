import type { OperationOutcome, OperationOutcomeIssue } from '@medplum/fhirtypes';

/** What the hospital refuses, with the HTTP status it answers. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: OperationOutcomeIssue['code'],
    message: string,
  ) {
    super(message);
  }

  get outcome(): OperationOutcome {
    return operationOutcome(this.code, this.message);
  }
}

/** An OperationOutcome with one error. */
export function operationOutcome(code: OperationOutcomeIssue['code'], diagnostics: string): OperationOutcome {
  return { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code, diagnostics, details: { text: diagnostics } }] };
}
