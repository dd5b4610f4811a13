import type { ResourceType } from '@medplum/fhirtypes';
import { isResourceType } from '../definitions/structures.js';
import { typeIndex, type IndexedParameter, type PlainParameter } from '../search-index/type-index.js';
import type { CodesBySystem } from '../terminology/codes-by-system.js';
import { splitEscaped } from './parameter-text.js';
import { refuse } from './refuse.js';
import type { SearchLimits } from './search-limits.js';
import { ownParameter, type ParameterOf } from './searched-types.js';

/** One condition on what is searched. */
export type Criterion = ValueCriterion | ChainCriterion | ReverseCriterion | ItselfCriterion;

/** A parameter with values of which one must match. */
export interface ValueCriterion {
  /** As it stood in the query, with its modifier. */
  readonly name: string;
  readonly parameter: IndexedParameter | '_id' | '_lastUpdated';
  readonly modifier: string;
  /** Still escaped. */
  readonly values: readonly string[];
  /** The codes that `:in`, `:not-in`, `:above` and `:below` come down to, once the terminology was asked. */
  readonly codes?: CodesBySystem;
}

/** `patient.name=x`: the resource refers to one that meets the condition. */
export interface ChainCriterion {
  readonly name: string;
  readonly parameter: PlainParameter;
  /** The types that the reference may lead to, each with the condition as it reads for it; one of them must hold. */
  readonly through: readonly Through[];
}

export interface Through {
  readonly type: ResourceType;
  readonly criterion: Criterion;
}

/** `_has:Observation:patient:code=x`: some resource that refers to this one meets the condition. */
export interface ReverseCriterion {
  readonly name: string;
  readonly parameter: PlainParameter;
  readonly from: Through;
}

/** The resource is this one, or meets the condition: what belongs to a compartment, of which its own resource is a part. */
export interface ItselfCriterion {
  readonly name: string;
  readonly itself: { readonly type: ResourceType; readonly id: string };
  readonly or?: ValueCriterion;
}

export const isValue = (criterion: Criterion): criterion is ValueCriterion => 'values' in criterion;

/** Reads the criteria of one search, whose conditions are bounded together: a chain through many types is many conditions. */
export class CriterionReader {
  #read = 0;

  constructor(
    private readonly limits: SearchLimits,
    private readonly parameterOf: ParameterOf = ownParameter,
  ) {}

  /** The condition that a parameter puts on resources of the type; undefined when the type has no such parameter. */
  read(type: string, name: string, value: string, shown = name, depth = 0): Criterion | undefined {
    if (depth > this.limits.maxDepth) throw refuse(shown, `A chain may have at most ${this.limits.maxDepth} links.`);
    if (name.startsWith('_has:')) return this.#reverse(type, name, value, shown, depth);
    if (name === '_list') return this.#list(value);
    const dot = name.indexOf('.');
    if (dot >= 0) return this.#chain(type, name.slice(0, dot), name.slice(dot + 1), value, shown, depth);
    return this.#value(type, name, value, shown);
  }

  #value(type: string, name: string, value: string, shown: string): ValueCriterion | undefined {
    const [code = '', ...modifiers] = name.split(':');
    const parameter = code === '_id' || code === '_lastUpdated' ? code : this.parameterOf(type, code);
    if (!parameter) return undefined;
    const modifier = modifiers.join(':');
    if (!modifierIsKnown(parameter, modifier)) throw refuse(shown, `The modifier ":${modifier}" is not supported for "${code}".`);
    const values = splitEscaped(value, ',').filter((part) => part !== '');
    if (values.length === 0) return undefined;
    if (values.length > this.limits.maxValues) throw refuse(shown, `A parameter may list at most ${this.limits.maxValues} values.`);
    if (modifier === 'missing' && !['true', 'false'].includes(values.join(','))) throw refuse(shown, 'Must be true or false.');
    if (++this.#read > this.limits.maxCriteria) throw refuse(shown, `A search may have at most ${this.limits.maxCriteria} conditions, those of chains included.`);
    return { name: shown, parameter, modifier, values };
  }

  #chain(type: string, head: string, rest: string, value: string, shown: string, depth: number): ChainCriterion | undefined {
    const [code = '', named, ...more] = head.split(':');
    const parameter = this.parameterOf(type, code);
    if (!parameter) return undefined;
    if (parameter.kind !== 'reference') throw refuse(shown, `"${code}" is not a reference, so nothing can be chained to it.`);
    if (more.length > 0 || (named !== undefined && !isResourceType(named))) throw refuse(shown, 'Must be parameter:Type.parameter.');
    const types = named !== undefined && isResourceType(named) ? [named] : parameter.target && isResourceType(parameter.target) ? [parameter.target] : parameter.definition.targets;
    if (types.length > this.limits.maxTypes) throw refuse(shown, `"${code}" may lead to ${types.length} types. Name one of them, as in ${code}:Patient.${rest.split(':')[0] ?? ''}.`);
    const through = types.flatMap((target) => {
      const criterion = this.read(target, rest, value, shown, depth + 1);
      return criterion ? [{ type: target, criterion }] : [];
    });
    return through.length === 0 ? undefined : { name: shown, parameter, through };
  }

  #reverse(type: string, name: string, value: string, shown: string, depth: number): ReverseCriterion {
    const [, from = '', code = '', ...rest] = name.split(':');
    if (!isResourceType(from) || rest.length === 0) throw refuse(shown, 'Must be _has:Type:reference:parameter.');
    const parameter = typeIndex(from).parameters.get(code);
    if (parameter?.kind !== 'reference') throw refuse(shown, `${from} has no reference parameter "${code}".`);
    if (!refersTo(parameter, type)) throw refuse(shown, `"${code}" of ${from} never refers to ${type}.`);
    const criterion = this.read(from, rest.join(':'), value, shown, depth + 1);
    if (!criterion) throw refuse(shown, `${from} has no search parameter "${rest.join(':')}".`);
    return { name: shown, parameter, from: { type: from, criterion } };
  }

  /** What a List names is what that List refers to (R4 search.html#list). */
  #list(value: string): ReverseCriterion {
    const parameter = typeIndex('List').parameters.get('item');
    const criterion = this.#value('List', '_id', value, '_list');
    if (parameter?.kind !== 'reference' || !criterion || criterion.values.some((id) => !ID.test(id))) throw refuse('_list', 'Must be the id of a List.');
    return { name: '_list', parameter, from: { type: 'List', criterion } };
  }
}

const ID = /^[A-Za-z0-9\-.]{1,64}$/;

const refersTo = ({ target, definition: { targets } }: PlainParameter, type: string): boolean =>
  target ? target === type : targets.length === 0 || targets.some((each) => each === type);

/** The modifiers of each kind of parameter, besides `:missing`, which all have, and `:Type`, which references have. */
const MODIFIERS: Readonly<Record<IndexedParameter['kind'], readonly string[]>> = {
  string: ['exact', 'contains'],
  token: ['not', 'text', 'of-type', 'in', 'not-in', 'above', 'below'],
  reference: ['identifier'],
  uri: ['above', 'below'],
  date: [],
  number: [],
  quantity: [],
  composite: [],
};

/** The modifiers that a parameter of the kind takes. */
const modifiersOf = (kind: IndexedParameter['kind']): readonly string[] => [...MODIFIERS[kind], 'missing'];

function modifierIsKnown(parameter: ValueCriterion['parameter'], modifier: string): boolean {
  if (modifier === '') return true;
  if (typeof parameter === 'string') return parameter === '_id' && modifier === 'not';
  if (parameter.kind === 'reference' && isResourceType(modifier)) return true;
  if (modifier === 'of-type') return parameter.kind === 'token' && parameter.sources.some(({ paths }) => paths.some(({ type }) => type === 'Identifier'));
  return modifiersOf(parameter.kind).includes(modifier);
}
