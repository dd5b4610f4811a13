import { forbidden, invalid } from '@cairn/kernel';
import type { ResourceType } from '@medplum/fhirtypes';
import type { AccessPolicy } from '../access/access-policy.js';
import { isResourceType, resourceTypes } from '../definitions/structures.js';
import type { FhirRequest } from '../http/fhir-request.js';
import { badParameter, sinceIn } from '../interactions/history-parameters.js';
import { interactionsOf } from '../interactions/type-rules.js';
import { parametersOf, typesIn } from '../operations/operation-parameters.js';
import type { Criterion } from '../search/criterion.js';
import { readQuery } from '../search/search-query.js';
import { ASSOCIATED_TYPES, memberTypes } from './associated-types.js';

/** Whose resources an export holds: everybody's and nobody's, all patients', or those of a Group. */
export type ExportLevel = 'system' | 'patient' | 'group';

/** What is asked of `$export`. */
export interface ExportRequest {
  /** Each of them may be listed by the caller. */
  readonly types: readonly ResourceType[];
  readonly since?: Date;
  /** Searches such as `Observation?status=final`; what meets one of its type is exported. */
  readonly filters: readonly string[];
  /** The only patients whose compartments are exported. */
  readonly patients?: readonly string[];
}

const FORMATS: ReadonlySet<string> = new Set(['application/fhir+ndjson', 'application/ndjson', 'ndjson']);

/** Parameters of a search that say how to answer, and so mean nothing in a filter. */
const NOT_A_FILTER = /^_(sort|count|include|revinclude|total|summary|elements|cursor|format|pretty|contained)/;

/** A comma within a filter separates values; one before `Type?` separates filters. */
const BETWEEN_FILTERS = /,(?=[A-Z][A-Za-z]*\?)/;

/**
 * Understands a kick-off request (Bulk Data Access IG 2.0, export.html). Refuses with 400 one that doesn't ask for an answer later, and
 * parameters that are wrong or, unless the caller is lenient, not supported; with 403 types that the caller may not list.
 */
export function exportRequest(request: FhirRequest, level: ExportLevel, policy: AccessPolicy): ExportRequest {
  const preferences = (request.headers['prefer'] ?? '').split(/[;,]/).map((word) => word.trim());
  if (!preferences.includes('respond-async')) {
    throw invalid('An export is prepared in the background.', { code: 'async-only', issues: [{ path: 'Prefer', message: 'Send the header "Prefer: respond-async".' }] });
  }
  const lenient = preferences.includes('handling=lenient');
  const asked: ResourceType[] = [];
  const filters: string[] = [];
  let since: Date | undefined;
  for (const [name, value] of parametersOf(request)) {
    if (name === '_since') since = sinceIn(value);
    else if (name === '_type') asked.push(...typesIn(value));
    else if (name === '_typeFilter') filters.push(...value.split(BETWEEN_FILTERS));
    else if (name === '_outputFormat') demandFormat(value);
    else if (name === 'patient' && level !== 'system') throw badParameter(name, 'Must be a reference, as valueReference of a Parameters resource that is sent by POST.');
    else if (!lenient) throw badParameter(name, 'Is not supported. Supported are _since, _type, _typeFilter and _outputFormat, and patient for patients and Groups.');
  }
  const types = typesOf(asked, level, policy, lenient);
  for (const filter of filters) demandFilter(filter, types);
  return { types, filters, ...(since ? { since } : {}) };
}

/** The conditions that the filters put on a type, of which one list must hold in full; undefined where they put none. */
export function filtersOf(filters: readonly string[], type: string): readonly (readonly Criterion[])[] | undefined {
  const own = filters.filter((filter) => filter.startsWith(`${type}?`));
  return own.length === 0 ? undefined : own.map((filter) => readQuery(type, new URLSearchParams(filter.slice(type.length + 1)), true).criteria);
}

function demandFormat(value: string): void {
  // A "+" that was not escaped in a URL arrives as a space.
  if (!FORMATS.has(value.replace(' ', '+'))) throw badParameter('_outputFormat', 'Must be application/fhir+ndjson.');
}

function typesOf(asked: readonly ResourceType[], level: ExportLevel, policy: AccessPolicy, lenient: boolean): ResourceType[] {
  const offered = offeredTypes(level);
  const foreign = asked.filter((type) => !offered.includes(type));
  if (foreign.length > 0 && !lenient) throw badParameter('_type', `${foreign.join(', ')} can't be exported at this level.`);
  for (const type of asked) if (!isListed(policy, type)) throw missingScope(type);
  const types = offered.filter((type) => (asked.length === 0 || asked.includes(type)) && isListed(policy, type));
  if (types.length === 0) throw missingScope('*');
  return types;
}

/** The types that an export of a level can hold: every one that is stored, or those of the patient compartment and what these refer to. */
function offeredTypes(level: ExportLevel): ResourceType[] {
  if (level !== 'system') return [...memberTypes(), ...ASSOCIATED_TYPES].sort();
  return [...resourceTypes()].filter(isResourceType).filter((type) => interactionsOf(type).length > 0);
}

const isListed = (policy: AccessPolicy, type: string): boolean => policy.listing(type)?.length !== 0;

const missingScope = (type: string) => forbidden(`You may not export ${type === '*' ? 'anything' : type}. A scope such as system/${type}.rs would allow it.`, { code: 'scope-missing' });

function demandFilter(filter: string, types: readonly string[]): void {
  const [, type = '', query = ''] = /^([A-Za-z]+)\?(.+)$/s.exec(filter) ?? [];
  if (!types.includes(type)) throw badParameter('_typeFilter', 'Must be searches such as Observation?status=final, of types that are exported.');
  const parameters = new URLSearchParams(query);
  if ([...parameters.keys()].some((name) => NOT_A_FILTER.test(name))) throw badParameter('_typeFilter', 'May only narrow what is exported: no sorting, paging, including or abridging.');
  if (readQuery(type, parameters, true).criteria.length === 0) throw badParameter('_typeFilter', 'Must have a search parameter with a value.');
}
