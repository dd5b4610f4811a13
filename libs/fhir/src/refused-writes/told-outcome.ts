import { operationOutcome, type EdgeError } from '@cairn/platform';
import type { OperationOutcome } from '@medplum/fhirtypes';
import rules from './refused-writes.json' with { type: 'json' };
import type { KeptRequest } from './sealed-request.js';

/** A word that may be an id, a number, a date, a reference or criteria. */
const TELLING = /[^\s"'()<>,;]*[\d/?=|][^\s"'()<>,;]*/g;
/** Shorter words, such as the limits that an answer names, identify nobody. */
const LEAST_LENGTH = 4;

/**
 * The answer to a refused request as it is kept and shown to who may not see what was sent: its first issues, and in them nothing of the
 * request that may identify somebody. Answers repeat ids of references that lead nowhere, which the sender knows and hospital IT need not.
 */
export function toldOutcome(error: EdgeError, correlationId: string, { url, headers, body }: KeptRequest): OperationOutcome {
  const addressed = [url, decoded(url), ...Object.values(headers)].join('\n');
  const wasSent = (word: string): boolean => word.length >= LEAST_LENGTH && (body.includes(word) || addressed.includes(word));
  const untold = (text: string): string =>
    text.replaceAll(TELLING, (found) => {
      const word = found.replace(/[.:]+$/, '');
      return wasSent(word) ? `…${found.slice(word.length)}` : found;
    });
  const issues = error.issues.slice(0, rules.issuesShown).map(({ path, message }) => ({ path, message: untold(message) }));
  return operationOutcome({ ...error, message: untold(error.message), issues }, correlationId);
}

function decoded(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return url;
  }
}
