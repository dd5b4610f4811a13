import type { OperationOutcome, OperationOutcomeIssue } from '@medplum/fhirtypes';
import type { Note } from '../validation/fault.js';

/** Notes on a resource as FHIR tells them. */
export const outcomeOf = (notes: readonly Note[]): OperationOutcome => ({
  resourceType: 'OperationOutcome',
  issue: notes.map(({ severity, code, path, message }): OperationOutcomeIssue => ({ severity, code, diagnostics: message, ...(path === '' ? {} : { expression: [path] }) })),
});
