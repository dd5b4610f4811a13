import { structureOf } from '../definitions/structures.js';
import { refuse } from './refuse.js';

/** Which part of each resource is answered. */
export type Shape = { readonly kind: 'summary' | 'text' | 'data' } | { readonly kind: 'elements'; readonly names: readonly string[] };

/** Reads `_summary`, but not its `count`; undefined where whole resources are wanted. Refuses any other word. */
export function readSummary(value: string): Shape | undefined {
  switch (value) {
    case 'false':
      return undefined;
    case 'true':
      return { kind: 'summary' };
    case 'text':
    case 'data':
      return { kind: value };
    default:
      throw refuse('_summary', 'Must be true, text, data, count or false.');
  }
}

/** Reads `_elements`: names of elements at the root of the types. Refuses a name that none of them has; where no types are given, whatever they are, none. */
export function readElements(types: readonly string[] | undefined, value: string): Shape {
  const names = [...new Set(value.split(',').map((name) => name.trim()))].filter((name) => name !== '');
  if (!types) return { kind: 'elements', names };
  const all = types.map((type) => structureOf(type).elements);
  const unknown = names.find((name) => name !== 'resourceType' && !all.some((elements) => name in elements || `${name}[x]` in elements));
  if (unknown !== undefined) throw refuse('_elements', `Must name elements at the root of the resource, such as ${Object.keys(all[0] ?? {}).slice(-2).join(',')}.`);
  return { kind: 'elements', names };
}
