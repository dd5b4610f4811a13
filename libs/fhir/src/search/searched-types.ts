import type { ResourceType } from '@medplum/fhirtypes';
import { typeIndex, type IndexedParameter } from '../search-index/type-index.js';

/** Stands for the type where a search is for several. */
export const ALL_TYPES = '*';

/** Finds the search parameter of a type by its code. */
export type ParameterOf = (type: string, code: string) => IndexedParameter | undefined;

/** The parameters of each type as it defines them. */
export const ownParameter: ParameterOf = (type, code) => typeIndex(type).parameters.get(code);

/**
 * The parameters of a search for several types, under the name {@link ALL_TYPES}: those that all of them have and mean alike (R4
 * search.html#introduction). What another type is named for, a chain for one, is that type's own.
 */
export function sharedParameter(types: readonly ResourceType[]): ParameterOf {
  return (type, code) => {
    if (type !== ALL_TYPES) return ownParameter(type, code);
    const all = types.map((each) => ownParameter(each, code));
    const found = all.flatMap((parameter) => parameter ?? []);
    const [first] = found;
    if (!first || found.length < types.length) return undefined;
    if (first.kind === 'composite') return undefined;
    const alike = found.flatMap((parameter) => (parameter.kind === first.kind ? [parameter] : []));
    if (alike.length < types.length) return undefined;
    const targets = [...new Set(alike.flatMap(({ definition }) => definition.targets))];
    const only = new Set(alike.map(({ target }) => target));
    const { target: _ofFirst, ...common } = first;
    return {
      ...common,
      definition: { ...first.definition, targets },
      sources: alike.flatMap(({ sources }) => sources),
      single: alike.every(({ single }) => single),
      ...(only.size === 1 && first.target ? { target: first.target } : {}),
    };
  };
}
