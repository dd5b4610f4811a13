import type { ComponentDefinition } from '../definitions/search-parameters.js';
import { INDEXED_KINDS, isIndexedKind, type IndexedKind, type SourceNumbers } from './index-value.js';
import { RowCollector, type CompositeRow } from './index-rows.js';
import type { References } from './references.js';
import { leadsSomewhere, readComponent, walk, type ValuePath } from './value-path.js';

/** One component of a composite, ready to be indexed. */
export interface Component {
  readonly kind: IndexedKind;
  readonly paths: readonly ValuePath[];
  /** Whether the paths begin at the resource and not at the composite's element. */
  readonly ofResource: boolean;
  readonly plainCodes: boolean;
}

const OF_RESOURCE = '%resource.';

/** Makes a composite's components ready. Refuses what the index has no columns for, so that a definition is never misread in silence. */
export function componentsOf(type: string, root: ValuePath, definitions: readonly ComponentDefinition[]): Component[] {
  const components = definitions.map(({ kind, expression }) => {
    if (!isIndexedKind(kind)) throw new Error(`A composite of ${type} has a component of kind ${kind}.`);
    const ofResource = expression.startsWith(OF_RESOURCE);
    const paths = ofResource ? readComponent(type, expression.slice(OF_RESOURCE.length)) : readComponent(root.type, expression);
    return { kind: kindFor(kind, paths), paths, ofResource, plainCodes: paths.every((path) => path.type === 'code') };
  });
  const [first, second, third] = components.map(({ kind }) => kind);
  const known = first === 'token' && second !== undefined && components.length <= 3 && (third === undefined || (second === 'number' && third === 'number'));
  if (!known) throw new Error(`A composite of ${type} has components that the index has no place for: ${components.map(({ kind }) => kind).join(', ')}.`);
  return components;
}

/** R4 names the components of DocumentReference's `relationship` the wrong way round; what the expression leads to decides. */
function kindFor(kind: IndexedKind, paths: readonly ValuePath[]): IndexedKind {
  if (paths.every(({ type }) => type === 'Reference')) return 'reference';
  return kind === 'reference' ? 'token' : kind;
}

/** The most that one element adds: the product of many codings and many values would else grow without end. */
const MAX_COMBINATIONS = 200;

/** Gathers the rows of a composite for each of its elements: every combination of its components' values. */
export function collectComposite(
  rows: RowCollector,
  source: number,
  { root, components }: { readonly root: ValuePath; readonly components: readonly Component[] },
  resource: unknown,
  references: References,
): void {
  walk(resource, root, (element) => {
    // Most elements lack a value for some component, and gathering costs more than looking.
    if (!components.every(({ paths, ofResource }) => paths.some((path) => leadsSomewhere(ofResource ? resource : element, path)))) return;
    let combinations: CompositeRow[] = [{ source, code: '', system: 0, value: '', valueSystem: 0, unit: '', low: 0, high: 0, low2: 0, high2: 0 }];
    for (const [position, component] of components.entries()) {
      const values = partsOf(component, position, component.ofResource ? resource : element, references);
      combinations = combinations.flatMap((row) => values.map((value) => ({ ...row, ...value }))).slice(0, MAX_COMBINATIONS);
    }
    for (const row of combinations) rows.composite(row);
  });
}

/** Only the values themselves matter here, not what else could be searched of them. */
const VALUE: SourceNumbers = { id: 1, textId: 2, identifierId: 3, ofTypeId: 4 };

/** What one component's values put into the columns of its position. */
function partsOf({ kind, paths }: Component, position: number, from: unknown, references: References): Partial<CompositeRow>[] {
  const found = new RowCollector();
  for (const path of paths) walk(from, path, (value) => INDEXED_KINDS[kind](found, VALUE, value, path.type, references));
  const tokens = found.tokens.filter(({ source }) => source === VALUE.id);
  if (position === 0) return tokens.map(({ code, system }) => ({ code, system }));
  if (position === 2) return found.quantities.map(({ low, high }) => ({ low2: low, high2: high }));
  return [
    ...tokens.map(({ code, system }) => ({ value: code, valueSystem: system })),
    ...found.strings.filter(({ source }) => source === VALUE.id).map(({ value }) => ({ value })),
    ...found.references.map(({ target }) => ({ value: target })),
    ...found.dates.map(({ low, high }) => ({ low, high })),
    ...found.quantities.map(({ low, high, system, code, unit }) => ({ low, high, value: code, valueSystem: system, unit })),
  ];
}
