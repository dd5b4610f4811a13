import { compartmentOf } from '../definitions/compartments.js';
import { typeIndex } from '../search-index/type-index.js';

const sources = new Map<string, readonly number[]>();

/**
 * Numbers of the index rows by which a resource of the type belongs to a patient's compartment other than as the one it is about, for
 * which it has a column.
 */
export function sideSourcesOf(type: string): readonly number[] {
  let known = sources.get(type);
  if (!known) {
    const { parameters, patientSource } = typeIndex(type);
    const codes: readonly string[] = [...(compartmentOf('Patient') ?? [])].find(([member]) => member === type)?.[1] ?? [];
    known = codes.flatMap((code) => {
      const parameter = parameters.get(code);
      return parameter?.kind === 'reference' ? parameter.sources.filter((source) => source !== patientSource).map(({ id }) => id) : [];
    });
    sources.set(type, known);
  }
  return known;
}
