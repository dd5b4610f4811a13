import type { Role } from '../auth/roles.js';

/** A person who signed in. */
export interface PersonActor {
  readonly kind: 'person';
  /** Subject of the token, stable for this person at this issuer. */
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Role[];
}

/**
 * How strictly a client's resources are judged: `strict` refuses every fault; `warn` stores what is safe to store and tells the faults; `off` stores it and
 * says nothing.
 */
export type ValidationLevel = 'strict' | 'warn' | 'off';

/** A hospital's system, by SMART Backend Services. */
export interface SystemActor {
  readonly kind: 'system';
  /** The client identifier. */
  readonly id: string;
  readonly name: string;
  /** The connection whose patients it may see; null for a client that sees all patients of its clinic. */
  readonly connectionId: string | null;
  /** SMART scopes as granted, v1 or v2 syntax. */
  readonly scopes: readonly string[];
  /** How its resources are judged; `strict` where nothing is said. */
  readonly validation?: ValidationLevel;
}

/** A patient or caregiver who followed a signed link. */
export interface PatientActor {
  readonly kind: 'patient';
  /** Logical id of the Patient resource. */
  readonly id: string;
}

/** Cairn itself: a job or a sweep. `id` names it. */
export interface CairnActor {
  readonly kind: 'cairn';
  readonly id: string;
}

export type Actor = PersonActor | SystemActor | PatientActor | CairnActor;

/** For whom work is done: exactly one clinic, one actor, one correlation id. Everything that touches the database needs one. */
export interface Scope {
  readonly clinicId: string;
  readonly actor: Actor;
  readonly correlationId: string;
}

/** The scope of a job that Cairn does for a clinic. */
export const cairnScope = (clinicId: string, job: string, correlationId: string): Scope => ({
  clinicId,
  actor: { kind: 'cairn', id: job },
  correlationId,
});
