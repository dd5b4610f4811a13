import type { ResourceType } from '@medplum/fhirtypes';
import { isResourceType } from '../definitions/structures.js';
import type { FhirRequest } from '../http/fhir-request.js';
import { badParameter, type Parameters } from '../interactions/history-parameters.js';

/** How the answer is to be written, which is not an operation's business. */
const PRESENTATION = new Set(['_format', '_pretty']);

/** The plain parameters of an operation, from its URL and from the Parameters resource that was posted. Refuses another body. */
export function parametersOf({ query, body }: FhirRequest): Parameters {
  return [...query.filter(([name]) => !PRESENTATION.has(name)), ...(body ? plainParameters(body.value) : [])];
}

function plainParameters(body: Readonly<Record<string, unknown>>): Parameters {
  if (body['resourceType'] !== 'Parameters') throw badParameter('resourceType', 'The body must be a Parameters resource.');
  const list: readonly unknown[] = Array.isArray(body['parameter']) ? body['parameter'] : [];
  return list.flatMap((parameter): [string, string][] => {
    if (typeof parameter !== 'object' || parameter === null || !('name' in parameter) || typeof parameter.name !== 'string') return [];
    const value: unknown = Object.entries(parameter).find(([key]) => key.startsWith('value'))?.[1];
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? [[parameter.name, String(value)]] : [];
  });
}

/** The types that a `_type` lists. Refuses what is no type of R4. */
export function typesIn(value: string): ResourceType[] {
  const types = value.split(',').map((type) => type.trim()).filter((type) => type !== '');
  const known = types.filter(isResourceType);
  if (known.length === 0 || known.length < types.length) throw badParameter('_type', 'Must be names of FHIR R4 resource types, separated by commas.');
  return known;
}
