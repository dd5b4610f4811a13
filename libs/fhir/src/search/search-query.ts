import { invalid } from '@cairn/kernel';
import { isResourceType } from '../definitions/structures.js';
import type { IndexedParameter } from '../search-index/type-index.js';
import { typeIndex } from '../search-index/type-index.js';
import { splitEscaped } from './parameter-text.js';

/** One condition on what is searched: a parameter with values of which one must match. */
export interface Criterion {
  /** As it stood in the query, with its modifier. */
  readonly name: string;
  readonly parameter: IndexedParameter | '_id' | '_lastUpdated';
  readonly modifier: string;
  /** Still escaped. */
  readonly values: readonly string[];
}

export interface SortKey {
  readonly parameter: IndexedParameter | '_id' | '_lastUpdated';
  readonly descending: boolean;
}

/** Resources to be answered along with the matches: what they refer to, or what refers to them. */
export interface IncludeRule {
  readonly direction: 'include' | 'revinclude';
  /** The type that holds the reference. */
  readonly type: string;
  readonly parameters: readonly IndexedParameter[];
  /** Only references to this type. */
  readonly target?: string;
}

/** A search, understood. */
export interface SearchQuery {
  readonly type: string;
  readonly criteria: readonly Criterion[];
  readonly sort: readonly SortKey[];
  readonly includes: readonly IncludeRule[];
  readonly count: number;
  readonly cursor?: string;
  readonly total: boolean;
  /** Only the number of matches is asked for. */
  readonly countOnly: boolean;
  /** Name and value of every parameter that was taken into account, without the cursor. */
  readonly applied: readonly [string, string][];
  /** Parameters that are not known, and so were ignored. */
  readonly ignored: readonly string[];
}

export interface SearchLimits {
  readonly defaultCount: number;
  readonly maxCount: number;
  /** How many values one parameter may list. */
  readonly maxValues: number;
  readonly maxCriteria: number;
}

export const SEARCH_LIMITS: SearchLimits = { defaultCount: 50, maxCount: 1000, maxValues: 200, maxCriteria: 50 };

/** The parameter that carries a page's place. Cairn's own; clients follow links and never write it. */
export const CURSOR = '_cursor';

/** Without a meaning for the search itself. */
const PRESENTATION = new Set(['_format', '_pretty']);

type Parameters = Iterable<readonly [string, string]>;

/**
 * Understands the parameters of a search. With `strict`, an unknown parameter is refused; else it is listed as ignored, as R4 asks
 * (search.html#errors). Refuses what is known but wrong or not supported: an unknown modifier, a bad number, too many values.
 */
export function readQuery(type: string, parameters: Parameters, strict: boolean, limits = SEARCH_LIMITS): SearchQuery {
  const reader = new QueryReader(type, limits);
  for (const [name, value] of parameters) reader.take(name, value);
  if (strict && reader.ignored.length > 0) {
    throw invalid('The search has parameters that are not known for this type.', {
      code: 'unknown-parameter',
      issues: reader.ignored.map((name) => ({ path: name, message: `${type} has no search parameter "${name}". See /fhir/metadata.` })),
    });
  }
  return reader.query();
}

class QueryReader {
  readonly ignored: string[] = [];
  readonly #applied: [string, string][] = [];
  readonly #criteria: Criterion[] = [];
  readonly #includes: IncludeRule[] = [];
  #sort: SortKey[] = [];
  #count: number;
  #cursor: string | undefined;
  #total = false;
  #countOnly = false;

  constructor(
    private readonly type: string,
    private readonly limits: SearchLimits,
  ) {
    this.#count = limits.defaultCount;
  }

  take(name: string, value: string): void {
    if (PRESENTATION.has(name)) return;
    if (name.includes('\0') || value.includes('\0')) throw refuse(name.replaceAll('\0', ''), 'The character U+0000 can not be searched for.');
    // R4 search.html: a parameter without a value is as if it were not there.
    if (value === '') return;
    const result = this.#control(name, value);
    if (result !== undefined) {
      if (name !== CURSOR) this.#applied.push([name, result]);
      return;
    }
    const criterion = this.#criterion(name, value);
    if (!criterion) {
      this.ignored.push(name);
      return;
    }
    if (this.#criteria.length >= this.limits.maxCriteria) throw refuse(name, `A search may have at most ${this.limits.maxCriteria} conditions.`);
    this.#criteria.push(criterion);
    this.#applied.push([name, value]);
  }

  query(): SearchQuery {
    return {
      type: this.type,
      criteria: this.#criteria,
      sort: this.#sort,
      includes: this.#includes,
      count: this.#count,
      total: this.#total,
      countOnly: this.#countOnly,
      applied: this.#applied,
      ignored: this.ignored,
      ...(this.#cursor === undefined ? {} : { cursor: this.#cursor }),
    };
  }

  /** Takes a parameter that says how to answer, and returns its value as it will be applied; undefined when it is none of these. */
  #control(name: string, value: string): string | undefined {
    switch (name) {
      case '_count':
        return this.#takeCount(value);
      case '_sort':
        this.#sort = splitEscaped(value, ',').map((key) => this.#sortKey(key));
        return value;
      case '_include':
      case '_revinclude':
        this.#includes.push(readInclude(name, value, this.type));
        return value;
      case '_total':
        if (!['none', 'estimate', 'accurate'].includes(value)) throw refuse(name, 'Must be none, estimate or accurate.');
        this.#total = value !== 'none';
        return value;
      case '_summary':
        if (value === 'count') this.#countOnly = true;
        else if (value !== 'false') throw refuse(name, 'Only count and false are supported.');
        return value;
      case CURSOR:
        this.#cursor = value;
        return value;
      default:
        return undefined;
    }
  }

  #takeCount(value: string): string {
    if (!/^\d{1,9}$/.test(value)) throw refuse('_count', 'Must be a whole number, 0 or more.');
    if (Number(value) === 0) this.#countOnly = true;
    this.#count = Math.min(Number(value), this.limits.maxCount);
    return String(this.#count);
  }

  #sortKey(key: string): SortKey {
    const descending = key.startsWith('-');
    const code = descending ? key.slice(1) : key;
    const parameter = code === '_id' || code === '_lastUpdated' ? code : typeIndex(this.type).parameters.get(code);
    if (!parameter) throw refuse('_sort', `${this.type} can't be sorted by "${code}".`);
    return { parameter, descending };
  }

  #criterion(name: string, value: string): Criterion | undefined {
    if (name.includes('.') || name.startsWith('_has:')) throw refuse(name, 'Chained searches are not supported.');
    const [code = '', ...modifiers] = name.split(':');
    const parameter = code === '_id' || code === '_lastUpdated' ? code : typeIndex(this.type).parameters.get(code);
    if (!parameter) return undefined;
    const modifier = modifiers.join(':');
    if (!modifierIsKnown(parameter, modifier)) throw refuse(name, `The modifier ":${modifier}" is not supported for "${code}".`);
    const values = splitEscaped(value, ',').filter((part) => part !== '');
    if (values.length === 0) return undefined;
    if (values.length > this.limits.maxValues) throw refuse(name, `A parameter may list at most ${this.limits.maxValues} values.`);
    return { name, parameter, modifier, values };
  }
}

function modifierIsKnown(parameter: Criterion['parameter'], modifier: string): boolean {
  if (modifier === '') return true;
  if (typeof parameter === 'string') return parameter === '_id' && modifier === 'not';
  if (parameter.kind === 'string') return modifier === 'exact' || modifier === 'contains';
  if (parameter.kind === 'token') return modifier === 'not';
  if (parameter.kind === 'reference') return isResourceType(modifier);
  return false;
}

function readInclude(name: '_include' | '_revinclude', value: string, searched: string): IncludeRule {
  const [type = '', code = '', target, ...rest] = value.split(':');
  if (!isResourceType(type) || rest.length > 0 || (target !== undefined && !isResourceType(target))) {
    throw refuse(name, 'Must be Type:parameter or Type:parameter:TargetType.');
  }
  const parameters = typeIndex(type).parameters;
  const named = parameters.get(code);
  const chosen = code === '*' ? [...parameters.values()].filter(({ kind }) => kind === 'reference') : named ? [named] : [];
  if (chosen.length === 0 || chosen.some(({ kind }) => kind !== 'reference')) throw refuse(name, `${type} has no reference parameter "${code}".`);
  if (name === '_revinclude' && target !== undefined && target !== searched) throw refuse(name, `The target must be the type that is searched, ${searched}.`);
  return { direction: name === '_include' ? 'include' : 'revinclude', type, parameters: chosen, ...(target ? { target } : {}) };
}

/** The refusal of one parameter. Its value may tell about a patient, so it isn't repeated. */
export const refuse = (name: string, message: string) =>
  invalid(`The search parameter "${name}" can't be used like this. ${message}`, { code: 'bad-parameter', issues: [{ path: name, message }] });
