import { invalid } from '@cairn/kernel';
import type { ResourceType } from '@medplum/fhirtypes';
import { isResourceType } from '../definitions/structures.js';
import { typeIndex, type IndexedParameter, type PlainParameter } from '../search-index/type-index.js';
import { CriterionReader, type Criterion } from './criterion.js';
import { splitEscaped } from './parameter-text.js';
import { refuse } from './refuse.js';
import { ALL_TYPES, ownParameter, sharedParameter, type ParameterOf } from './searched-types.js';
import { SEARCH_LIMITS, type SearchLimits } from './search-limits.js';
import { readElements, readSummary, type Shape } from './shape.js';

export interface SortKey {
  readonly parameter: PlainParameter | '_id' | '_lastUpdated';
  readonly descending: boolean;
}

/** Resources to be answered along with the matches: what they refer to, or what refers to them. */
export interface IncludeRule {
  readonly direction: 'include' | 'revinclude';
  /** The type that holds the reference. */
  readonly type: string;
  readonly parameters: readonly PlainParameter[];
  /** Only references to this type. */
  readonly target?: string;
  /** Whether it also holds for what was included. */
  readonly iterate: boolean;
}

/** What a search looks at. */
export interface Searched {
  /** The type that is searched, or {@link ALL_TYPES}. */
  readonly type: string;
  /** The types that are searched, where they are several. */
  readonly types?: readonly ResourceType[];
  /** Where the search is asked for, below the server's base: `Observation`, `Patient/1/Observation`. */
  readonly address: string;
  /** What holds besides the parameters. */
  readonly within?: Criterion;
}

/** A search, understood. */
export interface SearchQuery extends Omit<Searched, 'within'> {
  readonly criteria: readonly Criterion[];
  readonly sort: readonly SortKey[];
  readonly includes: readonly IncludeRule[];
  readonly count: number;
  readonly cursor?: string;
  readonly total: boolean;
  /** Which part of each resource is asked for; absent for the whole. */
  readonly shape?: Shape;
  /** Only the number of matches is asked for. */
  readonly countOnly: boolean;
  /** Name and value of every parameter that was taken into account, without the cursor. */
  readonly applied: readonly [string, string][];
  /** Parameters that are not known, and so were ignored. */
  readonly ignored: readonly string[];
}

/** The parameter that carries a page's place. Cairn's own; clients follow links and never write it. */
export const CURSOR = '_cursor';

/** Without a meaning for the search itself. */
const PRESENTATION = new Set(['_format', '_pretty']);

type Parameters = Iterable<readonly [string, string]>;

/**
 * Understands the parameters of a search. With `strict`, an unknown parameter is refused; else it is listed as ignored, as R4 asks
 * (search.html#errors). Refuses what is known but wrong or not supported: an unknown modifier, a bad number, too many values.
 */
export function readQuery(searched: string | Searched, parameters: Parameters, strict: boolean, limits = SEARCH_LIMITS): SearchQuery {
  const subject = typeof searched === 'string' ? { type: searched, address: searched } : searched;
  const reader = new QueryReader(subject, limits);
  for (const [name, value] of parameters) reader.take(name, value);
  if (strict && reader.ignored.length > 0) {
    throw invalid('The search has parameters that are not known for this type.', {
      code: 'unknown-parameter',
      issues: reader.ignored.map((name) => ({ path: name, message: `${typeWords(subject)} no search parameter "${name}". See /fhir/metadata.` })),
    });
  }
  return reader.query();
}

const typeWords = ({ type }: Searched): string => (type === ALL_TYPES ? 'These types together have' : `${type} has`);

class QueryReader {
  readonly ignored: string[] = [];
  readonly #applied: [string, string][] = [];
  readonly #criteria: Criterion[];
  readonly #parameterOf: ParameterOf;
  readonly #reader: CriterionReader;
  readonly #includes: IncludeRule[] = [];
  readonly #sort: SortKey[] = [];
  #count: number;
  #cursor: string | undefined;
  #total = false;
  #countOnly = false;
  #shape: Shape | undefined;

  constructor(
    private readonly searched: Searched,
    private readonly limits: SearchLimits,
  ) {
    this.#count = limits.defaultCount;
    this.#criteria = searched.within ? [searched.within] : [];
    this.#parameterOf = searched.types ? sharedParameter(searched.types) : ownParameter;
    this.#reader = new CriterionReader(limits, this.#parameterOf);
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
    const criterion = this.#reader.read(this.searched.type, name, value);
    if (!criterion) {
      this.ignored.push(name);
      return;
    }
    this.#criteria.push(criterion);
    this.#applied.push([name, value]);
  }

  query(): SearchQuery {
    const { within: _taken, ...searched } = this.searched;
    return {
      ...searched,
      criteria: this.#criteria,
      sort: this.#sort,
      includes: this.#includes,
      count: this.#count,
      total: this.#total,
      countOnly: this.#countOnly,
      applied: this.#applied,
      ignored: this.ignored,
      ...(this.#shape ? { shape: this.#shape } : {}),
      ...(this.#cursor === undefined ? {} : { cursor: this.#cursor }),
    };
  }

  /** Takes a parameter that says how to answer, and returns its value as it will be applied; undefined when it is none of these. */
  #control(name: string, value: string): string | undefined {
    switch (name) {
      case '_count':
        return this.#takeCount(value);
      case '_sort':
        this.#sort.push(...splitEscaped(value, ',').map((key) => this.#sortKey(key)));
        if (this.#sort.length > this.limits.maxSortKeys) throw refuse(name, `A search may be sorted by at most ${this.limits.maxSortKeys} keys.`);
        return value;
      case '_include':
      case '_include:iterate':
      case '_include:recurse':
      case '_revinclude':
      case '_revinclude:iterate':
      case '_revinclude:recurse':
        if (this.#includes.length >= this.limits.maxIncludes) throw refuse(name, `A search may have at most ${this.limits.maxIncludes} of them.`);
        this.#includes.push(readInclude(name, value, this.searched.type));
        return value;
      case '_total':
        if (!['none', 'estimate', 'accurate'].includes(value)) throw refuse(name, 'Must be none, estimate or accurate.');
        this.#total = value !== 'none';
        return value;
      case '_summary':
        if (value === 'count') this.#countOnly = true;
        else this.#shape = readSummary(value) ?? this.#shape;
        return value;
      case '_elements':
        // R4 leaves open what both together mean; the summary is the narrower wish.
        this.#shape ??= readElements(this.searched.types ?? [this.searched.type], value);
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
    const parameter = code === '_id' || code === '_lastUpdated' ? code : this.#parameterOf(this.searched.type, code);
    if (!parameter || (typeof parameter !== 'string' && parameter.kind === 'composite')) throw refuse('_sort', `${this.searched.type} can't be sorted by "${code}".`);
    return { parameter, descending };
  }
}

const isReference = (parameter: IndexedParameter): parameter is PlainParameter => parameter.kind === 'reference';

function readInclude(name: string, value: string, searched: string): IncludeRule {
  const [word, modifier] = name.split(':');
  const direction = word === '_include' ? 'include' : 'revinclude';
  const iterate = modifier !== undefined;
  const [type = '', code = '', target, ...rest] = (value === '*' && direction === 'include' ? `${searched}:*` : value).split(':');
  if (!isResourceType(type) || rest.length > 0 || (target !== undefined && !isResourceType(target))) {
    throw refuse(name, 'Must be Type:parameter or Type:parameter:TargetType.');
  }
  const parameters = typeIndex(type).parameters;
  const named = parameters.get(code);
  const chosen = (code === '*' ? [...parameters.values()] : named ? [named] : []).filter(isReference);
  if (chosen.length === 0 && code !== '*') throw refuse(name, `${type} has no reference parameter "${code}".`);
  if (direction === 'revinclude' && !iterate && searched !== ALL_TYPES && target !== undefined && target !== searched) throw refuse(name, `The target must be the type that is searched, ${searched}.`);
  return { direction, iterate, type, parameters: chosen, ...(target ? { target } : {}) };
}
