import { invalid } from '@cairn/kernel';
import type { ResourceType } from '@medplum/fhirtypes';
import { isResourceType } from '../definitions/structures.js';
import { belongsTo, typesIn, type Compartment } from './compartment.js';
import { refuse } from './refuse.js';
import { readQuery, type SearchQuery } from './search-query.js';
import { ALL_TYPES } from './searched-types.js';

/** Names some of the types, where a search is for all. */
const TYPES = '_type';

type Parameters = readonly (readonly [string, string])[];

/**
 * The types that a search within a compartment is for: the one that its URL names, those of `_type`, or undefined for all. Refuses with 400
 * a type that can't belong to the compartment, and a `_type` that is none.
 */
export function typesAsked(compartment: Compartment, type: string, parameters: Parameters): readonly ResourceType[] | undefined {
  const members = typesIn(compartment);
  if (type !== ALL_TYPES) {
    const one = members.filter((member) => member === type);
    if (one.length === 0) throw invalid(`No ${type} belongs to the compartment of a ${compartment.type} in FHIR R4.`, { code: 'not-in-compartment' });
    return one;
  }
  const named = parameters.flatMap(([name, value]) => (name === TYPES && value !== '' ? [value.split(',')] : []));
  if (named.length === 0) return undefined;
  if (!named.flat().every(isResourceType)) throw refuse(TYPES, 'Must be resource types of FHIR R4, with commas between them.');
  return members.filter((member) => named.every((list) => list.includes(member)));
}

/** Understands a search within a compartment for these types, which its URL names as `type`. Refuses like `readQuery`. */
export function readCompartmentQuery(compartment: Compartment, type: string, types: readonly ResourceType[], parameters: Parameters, strict: boolean): SearchQuery {
  const address = `${compartment.type}/${compartment.id}/${type}`;
  const within = belongsTo(compartment, types);
  if (type !== ALL_TYPES) return readQuery({ type, address, within }, parameters, strict);
  const query = readQuery({ type, types, address, within }, parameters.filter(([name]) => name !== TYPES), strict);
  return { ...query, applied: [...parameters.flatMap(([name, value]): [string, string][] => (name === TYPES ? [[name, value]] : [])), ...query.applied] };
}
