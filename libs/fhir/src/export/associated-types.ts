import type { ResourceType } from '@medplum/fhirtypes';
import { compartmentOf } from '../definitions/compartments.js';
import { typeIndex } from '../search-index/type-index.js';

/**
 * Types outside the patient compartment that help to understand what is in it. An export of patients holds them as far as what is exported refers to
 * them (Bulk Data Access IG 2.0, export.html).
 */
export const ASSOCIATED_TYPES: readonly ResourceType[] = ['Device', 'Endpoint', 'HealthcareService', 'Location', 'Medication', 'Organization', 'Practitioner', 'PractitionerRole', 'Substance'];

/** The types of the patient compartment. */
export const memberTypes = (): ResourceType[] => [...(compartmentOf('Patient')?.keys() ?? [])];

const sources = new Map<string, readonly number[]>();

/** Numbers of the index rows by which what is exported with patients can refer to a type. */
export function sourcesTo(type: string): readonly number[] {
  let known = sources.get(type);
  if (!known) {
    const parameters = [...memberTypes(), ...ASSOCIATED_TYPES].flatMap((each) => [...typeIndex(each).parameters.values()]);
    const leading = parameters.flatMap((parameter) => {
      if (parameter.kind !== 'reference') return [];
      const targets: readonly string[] = parameter.target === undefined ? parameter.definition.targets : [parameter.target];
      return targets.includes(type) ? parameter.sources.map(({ id }) => id) : [];
    });
    known = [...new Set(leading)];
    sources.set(type, known);
  }
  return known;
}
