import { HttpException } from '@nestjs/common';
import { CairnError, type ErrorKind, type Issue } from '@cairn/kernel';

/** An error as the outside may see it. */
export interface EdgeError {
  readonly kind: ErrorKind;
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly issues: readonly Issue[];
  readonly retryAfter?: number;
  readonly authenticate?: string;
}

const STATUS: Record<ErrorKind, number> = { invalid: 400, 'not-found': 404, forbidden: 403, conflict: 409, unavailable: 503, internal: 500 };

const KIND_OF_STATUS: Record<number, ErrorKind> = { 401: 'forbidden', 403: 'forbidden', 404: 'not-found', 409: 'conflict', 503: 'unavailable' };

const hasCode = (error: unknown): error is { code: string; statusCode?: number; message: string } =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string';

/** Conditions of PostgreSQL under which the same request may simply be tried again. Source: PostgreSQL, Appendix A (class 40, 53, 57P, 08). */
const RETRYABLE = /^(40|53|57P|08)/;

/**
 * The one translation from what was thrown to what is answered. An error that Cairn did not throw on purpose becomes `internal` and says
 * nothing of its cause; the log has it under the same correlation id.
 */
export function edgeError(error: unknown): EdgeError {
  if (error instanceof CairnError) {
    return {
      kind: error.kind,
      status: error.status ?? STATUS[error.kind],
      code: error.code,
      message: error.message,
      issues: error.issues,
      ...(error.kind === 'unavailable' ? { retryAfter: error.retryAfter ?? 5 } : {}),
      ...(error.authenticate ? { authenticate: error.authenticate } : {}),
    };
  }
  if (error instanceof HttpException) return fromStatus(error.getStatus(), error.message);
  if (hasCode(error)) {
    if (error.code.startsWith('FST_') && error.statusCode !== undefined && error.statusCode < 500) return fromStatus(error.statusCode, error.message);
    if (/^[0-9A-Z]{5}$/.test(error.code) && RETRYABLE.test(error.code)) return busy();
    if (error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET') return busy();
  }
  return { kind: 'internal', status: 500, code: 'internal', message: 'Something went wrong on our side. Quote the correlation id when you report it.', issues: [] };
}

const busy = (): EdgeError => ({
  kind: 'unavailable',
  status: 503,
  code: 'busy',
  message: 'The service could not do this just now. Try again.',
  issues: [],
  retryAfter: 2,
});

function fromStatus(status: number, message: string): EdgeError {
  return { kind: KIND_OF_STATUS[status] ?? (status >= 500 ? 'internal' : 'invalid'), status, code: `http-${status}`, message, issues: [] };
}
