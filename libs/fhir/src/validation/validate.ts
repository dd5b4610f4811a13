import type { Resource } from '@medplum/fhirtypes';
import { invalid, type CairnError, type Issue } from '@cairn/kernel';
import { isResourceType } from '../definitions/structures.js';
import { invariantIssues } from './check-invariants.js';
import { structuralIssues } from './check-structure.js';

/**
 * Checks a resource against the definition of its type: elements, cardinalities, value types, formats and invariants, also those of
 * resources inside it. Returns it, now known to be a resource.
 *
 * Refuses with every fault found, each at its element: 400 where the structure is wrong, 422 where an invariant is broken.
 */
export function validate(value: Readonly<Record<string, unknown>>): Resource {
  const type = value['resourceType'];
  if (typeof type !== 'string' || !isResourceType(type)) {
    throw invalid('The resource has no type that FHIR R4 knows.', {
      code: 'unknown-resource-type',
      issues: [{ path: 'resourceType', message: 'Must be the name of a FHIR R4 resource type, such as Patient.' }],
    });
  }
  const faults = structuralIssues(value, type);
  if (faults.length > 0 || !isResource(value)) throw refusal(type, faults, 'structure', 400);
  const broken = invariantIssues(value, type);
  if (broken.length > 0) throw refusal(type, broken, 'invariant', 422);
  return value;
}

/** True for what the structural check has let through: it has looked at every element. */
const isResource = (value: unknown): value is Resource => typeof value === 'object' && value !== null && 'resourceType' in value;

const refusal = (type: string, issues: readonly Issue[], code: string, status: number): CairnError =>
  invalid(`The ${type} is not valid: ${issues.length === 1 ? 'one fault' : `${issues.length} faults`}.`, { code, status, issues });
