import type { EdgeError } from './edge-error.js';

/** An error on /api, as RFC 9457 asks, with the fields at fault. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly correlationId: string;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
}

const TITLES: Record<EdgeError['kind'], string> = {
  invalid: 'The request is not valid',
  'not-found': 'Not found',
  forbidden: 'Not allowed',
  conflict: 'Not possible in the present state',
  unavailable: 'Not available just now',
  internal: 'Something went wrong',
};

export const problem = (error: EdgeError, correlationId: string): Problem => ({
  type: `urn:cairn:problem:${error.code}`,
  title: error.status === 401 ? 'Not signed in' : TITLES[error.kind],
  status: error.status,
  detail: error.message,
  code: error.code,
  correlationId,
  ...(error.issues.length > 0 ? { errors: error.issues.map(({ path, message }) => ({ field: path, message })) } : {}),
});
