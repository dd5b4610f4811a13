/** The six things that can go wrong, as callers see them. Translated once at each edge (HTTP status, FHIR issue, retry or not). */
export type ErrorKind = 'invalid' | 'not-found' | 'forbidden' | 'conflict' | 'unavailable' | 'internal';

/** One thing wrong with the input: where it stands, what is wrong and how to mend it. Never carries the patient's data itself. */
export interface Issue {
  /** Path of the field: a FHIRPath expression on /fhir, a dotted path on /api. */
  readonly path: string;
  readonly message: string;
  /** What kind of fault it is, in FHIR's words (value set issue-type), where the status of the refusal says less. */
  readonly type?: 'structure' | 'required' | 'value' | 'code-invalid' | 'invariant' | 'security';
}

export interface ErrorDetails {
  /** Fields at fault. */
  readonly issues?: readonly Issue[];
  /** A stable word that a program can match on, such as `stale-version` or the name of the rule that refused. */
  readonly code?: string;
  /** An HTTP status within the kind where a standard asks for a finer one, such as 410, 412, 413, 415 or 428. */
  readonly status?: number;
  /** Seconds after which a retry may succeed. Only with `unavailable`. */
  readonly retryAfter?: number;
  /** Challenge for a 401, without the scheme's secrets. */
  readonly authenticate?: string;
  readonly cause?: unknown;
}

/**
 * The only error that Cairn throws on purpose. Its message is shown to the caller, so it must say what is wrong and how to mend it,
 * and must not contain anything about a patient.
 */
export class CairnError extends Error {
  readonly issues: readonly Issue[];
  readonly code: string;
  readonly status: number | undefined;
  readonly retryAfter: number | undefined;
  readonly authenticate: string | undefined;

  constructor(
    readonly kind: ErrorKind,
    message: string,
    details: ErrorDetails = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'CairnError';
    this.issues = details.issues ?? [];
    this.code = details.code ?? kind;
    this.status = details.status;
    this.retryAfter = details.retryAfter;
    this.authenticate = details.authenticate;
  }
}

/** The input is wrong; `issues` names the fields. */
export const invalid = (message: string, details?: ErrorDetails): CairnError => new CairnError('invalid', message, details);

/** There is no such thing, or none that this caller may know of: the two must look the same. */
export const notFound = (what: string, details?: ErrorDetails): CairnError =>
  new CairnError('not-found', `${what} was not found.`, details);

/** The caller is known and may not do this. */
export const forbidden = (message: string, details?: ErrorDetails): CairnError => new CairnError('forbidden', message, details);

/** The caller is not known: no token, or one that is wrong, expired or for somebody else. */
export const unauthenticated = (message: string, authenticate = 'Bearer'): CairnError =>
  new CairnError('forbidden', message, { status: 401, code: 'unauthenticated', authenticate });

/** The state has moved on, or the transition is not allowed from here. */
export const conflict = (message: string, details?: ErrorDetails): CairnError => new CairnError('conflict', message, details);

/** Something that Cairn needs does not answer; trying again later may work. */
export const unavailable = (message: string, details?: ErrorDetails): CairnError => new CairnError('unavailable', message, details);
