import type { Tx } from '@cairn/platform';
import { readObject } from '../lossless/read-body.js';
import type { References } from '../search-index/references.js';
import { typeIndex } from '../search-index/type-index.js';
import { nameOf, type CurrentVersion } from '../store/stored-version.js';
import type { Restriction, RestrictionOf } from './criterion-sql.js';
import type { Criterion } from './criterion.js';
import { refuse } from './refuse.js';
import { CURSOR, type IncludeRule, type SearchQuery } from './search-query.js';
import { SearchStatement, type Place, type SearchSql } from './search-sql.js';
import { statementName } from './statement-names.js';

/** A page of a search. */
export interface SearchResult {
  readonly matches: readonly CurrentVersion[];
  readonly included: readonly CurrentVersion[];
  /** How many match in all, where that was asked for or is known anyhow. */
  readonly total?: number;
  /** The cursor of the next page; absent on the last one. */
  readonly next?: string;
  /** Whether more would have been included than is answered at once. */
  readonly includesCut: boolean;
}

/** How many resources are included with one page, at most. */
export const MAX_INCLUDED = 1000;

/** Searches the store as the caller of the transaction. */
export class Search {
  constructor(private readonly references: References) {}

  /** Runs a search. Refuses a cursor that no page of this search gave. */
  async run(tx: Tx, query: SearchQuery, restrictionOf: RestrictionOf): Promise<SearchResult> {
    if (query.countOnly) return { matches: [], included: [], total: await this.#count(tx, query, restrictionOf), includesCut: false };
    const after = query.cursor === undefined ? undefined : readCursor(query.cursor, query.sort.length + 1);
    const statement = this.#statement(tx, query, restrictionOf);
    const rows = await select<CurrentVersion & { place: string[] }>(tx, statement.page(query.count + 1, after), after !== undefined);
    const matches = rows.slice(0, query.count);
    const last = rows.length > query.count ? matches.at(-1) : undefined;
    const whole = !last && after === undefined;
    const total = whole ? matches.length : query.total ? await this.#count(tx, query, restrictionOf) : undefined;
    const { included, cut } = await this.#include(tx, query, matches, restrictionOf);
    return {
      matches,
      included,
      includesCut: cut,
      ...(total === undefined ? {} : { total }),
      ...(last ? { next: Buffer.from(JSON.stringify(last.place)).toString('base64url') } : {}),
    };
  }

  /** How many resources match, of those that meet the restriction. */
  count(tx: Tx, query: Pick<SearchQuery, 'type' | 'criteria'>, restriction: Restriction): Promise<number> {
    return this.#count(tx, query, (type) => (type === query.type ? restriction : undefined));
  }

  async #count(tx: Tx, { type, criteria }: Pick<SearchQuery, 'type' | 'criteria'>, restrictionOf: RestrictionOf): Promise<number> {
    const [row] = await select<{ count: number }>(tx, this.#statement(tx, { type, criteria, sort: [] }, restrictionOf).count());
    return row?.count ?? 0;
  }

  #statement(tx: Tx, query: Pick<SearchQuery, 'type' | 'criteria' | 'sort'>, restrictionOf: RestrictionOf): SearchStatement {
    return new SearchStatement(tx.scope.clinicId, query, restrictionOf, this.references, tx.clock.now());
  }

  async #include(tx: Tx, { includes, type }: SearchQuery, matches: readonly CurrentVersion[], restrictionOf: RestrictionOf) {
    const answered = new Set(matches.map(nameOf));
    const included: CurrentVersion[] = [];
    let cut = false;
    const add = (found: readonly CurrentVersion[]): void => {
      for (const version of found) {
        const name = nameOf(version);
        if (answered.has(name)) continue;
        if (included.length >= MAX_INCLUDED) {
          cut = true;
          return;
        }
        answered.add(name);
        included.push(version);
      }
    };
    if (matches.length === 0) return { included, cut };
    for (const rule of includes) {
      if (rule.direction === 'include' && rule.type === type) add(await this.#referredTo(tx, rule, matches, restrictionOf));
      if (rule.direction === 'revinclude') add(await this.#referring(tx, rule, matches, restrictionOf));
    }
    return { included, cut };
  }

  /** What the matches refer to by the rule's parameters. */
  async #referredTo(tx: Tx, { parameters, target }: IncludeRule, matches: readonly CurrentVersion[], restrictionOf: RestrictionOf): Promise<CurrentVersion[]> {
    const sources = new Set(parameters.flatMap((parameter) => parameter.sources.map(({ id }) => id)));
    const idsByType = new Map<string, Set<string>>();
    for (const match of matches) {
      const rows = typeIndex(match.type).rowsOf(readObject(match.json).value, this.references);
      for (const row of rows.references) {
        const local = sources.has(row.source) ? this.references.local(row.target) : undefined;
        if (local && (target === undefined || local.type === target)) idsByType.set(local.type, (idsByType.get(local.type) ?? new Set()).add(local.id));
      }
    }
    const found: CurrentVersion[] = [];
    for (const [type, ids] of idsByType) found.push(...(await this.#all(tx, type, { name: '_id', parameter: '_id', modifier: '', values: [...ids] }, restrictionOf)));
    return found;
  }

  /** What refers to the matches by the rule's parameters. */
  async #referring(tx: Tx, { parameters, type }: IncludeRule, matches: readonly CurrentVersion[], restrictionOf: RestrictionOf): Promise<CurrentVersion[]> {
    const found: CurrentVersion[] = [];
    for (const parameter of parameters) {
      const criterion: Criterion = { name: parameter.definition.code, parameter, modifier: '', values: matches.map(nameOf) };
      found.push(...(await this.#all(tx, type, criterion, restrictionOf)));
    }
    return found;
  }

  /** Everything of a type that meets one condition, up to one more than can be included. */
  async #all(tx: Tx, type: string, criterion: Criterion, restrictionOf: RestrictionOf): Promise<CurrentVersion[]> {
    const statement = this.#statement(tx, { type, criteria: [criterion], sort: [] }, restrictionOf);
    return select<CurrentVersion>(tx, statement.page(MAX_INCLUDED + 1, undefined));
  }
}

async function select<Row extends object>(tx: Tx, { text, values }: SearchSql, hasCursor = false): Promise<Row[]> {
  const name = statementName(text);
  try {
    return await tx.query<Row>({ text, values, ...(name ? { name } : {}) });
  } catch (error) {
    // PostgreSQL's class 22: a value that can't be read as its type. Only a cursor carries such values.
    if (hasCursor && typeof error === 'object' && error !== null && 'code' in error && String(error.code).startsWith('22')) throw badCursor();
    throw error;
  }
}

const badCursor = () => refuse(CURSOR, 'Follow the "next" link of the page before, as it was given.');

function readCursor(cursor: string, length: number): Place {
  let place: unknown;
  try {
    place = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw badCursor();
  }
  if (!Array.isArray(place) || place.length !== length || !place.every((part): part is string => typeof part === 'string' && !part.includes('\0'))) throw badCursor();
  return place;
}
