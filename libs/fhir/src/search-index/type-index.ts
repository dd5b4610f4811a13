import { searchParametersOf, type SearchParameterDefinition } from '../definitions/search-parameters.js';
import { collectComposite, componentsOf, type Component } from './composite-source.js';
import { hash32 } from './hashes.js';
import { INDEXED_KINDS, isIndexedKind, type IndexedKind, type SourceNumbers } from './index-value.js';
import { RowCollector, type IndexRows } from './index-rows.js';
import type { References } from './references.js';
import { readExpression, walk, type ValuePath } from './value-path.js';

/** Values that are indexed once, for all search parameters that look at them: `Observation.subject` serves `subject` and `patient`. */
export interface IndexSource extends SourceNumbers {
  readonly kind: IndexedKind;
  readonly paths: readonly ValuePath[];
  readonly asPresence: boolean;
  /** Whether all values are plain codes, whose system is given by the definition and not by the value. */
  readonly plainCodes: boolean;
}

/** Elements whose values are indexed together. Shared like an {@link IndexSource}: `code-value-quantity` is a part of `combo-code-value-quantity`. */
export interface CompositeSource {
  readonly id: number;
  readonly root: ValuePath;
  readonly components: readonly Component[];
}

/** One search parameter of a type, ready to be searched. */
export type IndexedParameter = PlainParameter | CompositeParameter;

export interface CompositeParameter {
  readonly definition: SearchParameterDefinition;
  readonly kind: 'composite';
  readonly sources: readonly CompositeSource[];
}

/** A parameter that looks at single values. */
export interface PlainParameter {
  readonly definition: SearchParameterDefinition;
  readonly kind: IndexedKind;
  /** Where its values are indexed; a value in any of them counts. */
  readonly sources: readonly IndexSource[];
  /** Only references to this type count. */
  readonly target?: string;
  /** Whether a resource can have at most one value of it. */
  readonly single: boolean;
}

/** What can be searched in one resource type, and how its resources are indexed. */
export class TypeIndex {
  readonly parameters = new Map<string, IndexedParameter>();
  readonly #sources = new Map<string, IndexSource>();
  readonly #composites = new Map<string, CompositeSource>();
  /** The sources that look at each top-level element, so that absent elements cost nothing. */
  readonly #byElement = new Map<string, { source: IndexSource; path: ValuePath }[]>();
  readonly #presence: IndexSource[] = [];
  /** Where the resource names the one patient it is about; undefined for types that name none, or several. */
  readonly patientSource: IndexSource | undefined;

  constructor(readonly type: string) {
    for (const definition of searchParametersOf(type).values()) this.#add(definition);
    const ids = [...this.#sources.values()].flatMap(({ id, textId, identifierId, ofTypeId }) => [id, textId, identifierId, ofTypeId]);
    ids.push(...[...this.#composites.values()].map(({ id }) => id));
    if (new Set(ids).size !== ids.length) throw new Error(`Two search parameters of ${type} have the same number.`);
    for (const source of this.#sources.values()) {
      if (source.asPresence) this.#presence.push(source);
      else for (const path of source.paths) this.#watch(source, path);
    }
    const patient = this.parameters.get('patient') ?? this.parameters.get('subject');
    if (patient?.kind === 'reference' && patient.single) this.patientSource = patient.sources[0];
  }

  #add(definition: SearchParameterDefinition): void {
    const { kind } = definition;
    if (kind === 'composite') this.#addComposite(definition);
    if (!isIndexedKind(kind)) return;
    // These two are columns of the resource itself.
    if (definition.code === '_id' || definition.code === '_lastUpdated') return;
    const expressions = definition.expressions.map((expression) => readExpression(this.type, expression));
    const sources = expressions.map((expression) => {
      const key = `${this.type}|${expression.normal}|${kind}`;
      let source = this.#sources.get(key);
      if (!source) {
        const plainCodes = expression.paths.length > 0 && expression.paths.every(({ type }) => type === 'code');
        source = { ...numbersOf(key), kind, paths: expression.paths, asPresence: expression.asPresence, plainCodes };
        this.#sources.set(key, source);
      }
      return source;
    });
    const targets = new Set(expressions.map(({ target, paths }) => target ?? inlineTarget(definition, paths)));
    const [target] = targets.size === 1 ? targets : [];
    const single = sources.length === 1 && (sources[0]?.paths ?? []).length === 1 && (sources[0]?.paths ?? []).every(({ repeats }) => !repeats);
    this.parameters.set(definition.code, { definition, kind, sources, single, ...(target ? { target } : {}) });
  }

  #addComposite(definition: SearchParameterDefinition): void {
    const sources = definition.expressions.flatMap((expression) => {
      const { normal, paths } = readExpression(this.type, expression);
      return paths.map((root) => {
        const key = `${this.type}|${normal}|${definition.components.map((component) => `${component.kind} ${component.expression}`).join('|')}`;
        const source = this.#composites.get(key) ?? { id: hash32(key), root, components: componentsOf(this.type, root, definition.components) };
        this.#composites.set(key, source);
        return source;
      });
    });
    this.parameters.set(definition.code, { definition, kind: 'composite', sources });
  }

  #watch(source: IndexSource, path: ValuePath): void {
    const element = path.steps[0]?.key ?? '';
    const watchers = this.#byElement.get(element) ?? [];
    watchers.push({ source, path });
    this.#byElement.set(element, watchers);
  }

  /** Everything by which the resource can be found. */
  rowsOf(resource: Readonly<Record<string, unknown>>, references: References): IndexRows {
    const rows = new RowCollector();
    for (const element in resource) {
      for (const { source, path } of this.#byElement.get(element) ?? []) {
        const index = INDEXED_KINDS[source.kind];
        walk(resource, path, (value) => index(rows, source, value, path.type, references));
      }
    }
    for (const source of this.#composites.values()) collectComposite(rows, source.id, source, resource, references);
    for (const source of this.#presence) {
      let present = false;
      for (const path of source.paths) walk(resource, path, (value) => (present ||= value !== false));
      rows.token(source.id, String(present));
    }
    return rows;
  }
}

/** The type of a resource that stands where a reference could, as a document's Composition does: that of the others is another parameter's. */
const inlineTarget = ({ targets }: SearchParameterDefinition, paths: readonly ValuePath[]): string | undefined =>
  targets.length === 1 && paths.length > 0 && paths.every(({ type }) => type === 'Resource') ? targets[0] : undefined;

/** Numbers that stand in the index tables. Derived from type, expression and kind, so they are the same in every process. */
const numbersOf = (key: string): SourceNumbers => ({
  id: hash32(key),
  textId: hash32(`${key}|text`),
  identifierId: hash32(`${key}|identifier`),
  ofTypeId: hash32(`${key}|of-type`),
});

/** The one patient that a resource is about, by its rows: for a Patient itself, else whom its `patient` or `subject` names. */
export function patientOf(type: string, id: string, rows: IndexRows): string | undefined {
  if (type === 'Patient') return id;
  const source = typeIndex(type).patientSource;
  const target = source && rows.references.find((row) => row.source === source.id)?.target;
  return target?.startsWith('Patient/') ? target.slice('Patient/'.length) : undefined;
}

const indexes = new Map<string, TypeIndex>();

/** The index of a resource type, made when it is first needed. The type must be known. */
export function typeIndex(type: string): TypeIndex {
  let index = indexes.get(type);
  if (!index) {
    index = new TypeIndex(type);
    indexes.set(type, index);
  }
  return index;
}
