import type { Resource, ResourceType } from '@medplum/fhirtypes';
import { invalid, type CairnError } from '@cairn/kernel';
import type { ValidationLevel } from '@cairn/platform';
import { isResourceType } from '../definitions/structures.js';
import { invariantFaults } from './check-invariants.js';
import { structuralFaults } from './check-structure.js';
import { isStructural, type Fault } from './fault.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Checks a resource against the definition of its type: elements, cardinalities, value types, formats, required value sets, narratives and
 * invariants, also those of resources inside it. Returns it, now known to be a resource.
 *
 * Refuses with every fault found, each at its element: 400 where the structure is wrong, 422 where a rule is broken.
 */
export function validate(value: Fields): Resource {
  const faults = faultsOf(value);
  if (faults.length > 0 || !isResource(value)) throw refusal(value, faults);
  return value;
}

/** More faults than this help nobody. */
const MAX_FAULTS = 50;

/**
 * The faults of a resource. Invariants are looked at only where the structure is sound, as they presume it. Where some faults are let pass, by
 * `level`, all of them are found, as the one that isn't may be the last; invariants, which are never among those, not at `off`.
 * Refuses a type that R4 doesn't know.
 */
export function faultsOf(value: Fields, level: ValidationLevel = 'strict'): Fault[] {
  const type = typeOf(value);
  const faults = structuralFaults(value, type, level === 'strict' ? MAX_FAULTS : Infinity);
  return level === 'off' || faults.some(isStructural) ? faults : [...faults, ...invariantFaults(value, type)];
}

/** The type of a resource. Refuses with 400 one that R4 doesn't know. */
export function typeOf({ resourceType }: Fields): ResourceType {
  if (typeof resourceType === 'string' && isResourceType(resourceType)) return resourceType;
  throw invalid('The resource has no type that FHIR R4 knows.', {
    code: 'unknown-resource-type',
    issues: [{ path: 'resourceType', message: 'Must be the name of a FHIR R4 resource type, such as Patient.' }],
  });
}

/** The refusal of a resource for its faults. */
export function refusal({ resourceType }: Fields, faults: readonly Fault[]): CairnError {
  const message = `The ${String(resourceType)} is not valid: ${faults.length === 1 ? 'one fault' : `${faults.length} faults`}.`;
  if (faults.some(isStructural)) return invalid(message, { code: 'structure', status: 400, issues: faults });
  const [first] = faults;
  return invalid(message, { code: first && faults.every(({ type }) => type === first.type) ? first.type : 'invalid', status: 422, issues: faults });
}

/** True for what has no fault: every element was looked at. */
const isResource = (value: unknown): value is Resource => typeof value === 'object' && value !== null && 'resourceType' in value;
