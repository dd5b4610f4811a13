import type { OperationOutcome, OperationOutcomeIssue } from '@medplum/fhirtypes';
import type { Issue } from '@cairn/kernel';
import type { EdgeError } from './edge-error.js';

const CODE_OF_STATUS: Record<number, OperationOutcomeIssue['code']> = {
  401: 'login',
  403: 'forbidden',
  404: 'not-found',
  405: 'not-supported',
  409: 'conflict',
  410: 'deleted',
  412: 'conflict',
  413: 'too-long',
  415: 'not-supported',
  422: 'business-rule',
  428: 'required',
  429: 'throttled',
  503: 'transient',
};

/** The error as FHIR says it: one issue for each field at fault, each with the correlation id to quote. */
export function operationOutcome(error: EdgeError, correlationId: string): OperationOutcome {
  const code = CODE_OF_STATUS[error.status] ?? (error.status >= 500 ? 'exception' : 'invalid');
  const about: readonly Issue[] = error.issues.length > 0 ? error.issues : [{ path: '', message: error.message }];
  return {
    resourceType: 'OperationOutcome',
    issue: about.map(({ path, message, type }) => ({
      severity: error.status >= 500 ? 'fatal' : 'error',
      code: type ?? code,
      details: { coding: [{ system: 'urn:cairn:error', code: error.code }], text: error.message },
      diagnostics: `${message} (correlation id ${correlationId})`,
      ...(path ? { expression: [path] } : {}),
    })),
  };
}
