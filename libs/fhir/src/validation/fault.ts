import type { Issue } from '@cairn/kernel';

/**
 * What kind of fault it is, in FHIR's words (value set issue-type): a wrong element or kind of value, a missing element, a value of the
 * wrong form, a code that its value set doesn't have, a broken invariant, or something that must not be passed on to anybody.
 */
export type FaultType = NonNullable<Issue['type']>;

/** One thing wrong with a resource, at its element. */
export interface Fault extends Issue {
  readonly type: FaultType;
}

/** Faults of these types make a resource something else than the definitions describe; they are 400. The others break a rule, which is 422. */
const OF_STRUCTURE: ReadonlySet<FaultType> = new Set(['structure', 'required', 'value']);

export const isStructural = ({ type }: Fault): boolean => OF_STRUCTURE.has(type);

/** Something to tell about a resource, whether it is a fault or not. */
export interface Note extends Issue {
  readonly severity: 'error' | 'warning' | 'information';
  /** In FHIR's words (value set issue-type). */
  readonly code: FaultType | 'not-found' | 'not-supported' | 'business-rule' | 'invalid' | 'conflict' | 'informational';
}

export const asNote = (severity: Note['severity'], { path, message, type }: Fault): Note => ({ severity, code: type, path, message });
