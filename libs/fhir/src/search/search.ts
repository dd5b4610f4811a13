import type { Reading } from '@cairn/platform';
import type { CodeSystem, ValueSet } from '@medplum/fhirtypes';
import type { References } from '../search-index/references.js';
import type { FoundVersion } from '../store/stored-version.js';
import type { Restriction, RestrictionOf } from './criterion-sql.js';
import { needsTerminology, withCodes } from './coded-criteria.js';
import { isValue, type Criterion, type ValueCriterion } from './criterion.js';
import { Inclusion, type FindAll, type Included } from './inclusion.js';
import { refuse } from './refuse.js';
import { escapeText } from './parameter-text.js';
import { CURSOR, readQuery, type SearchQuery } from './search-query.js';
import { SearchStatement, placeOf, type Match, type Place, type SearchSql } from './search-sql.js';
import { statementName } from './statement-names.js';
import { versionSql } from './version-sql.js';

/** A page of a search. */
export interface SearchResult {
  readonly matches: readonly FoundVersion[];
  readonly included: readonly FoundVersion[];
  /** How many match in all, where that was asked for or is known anyhow. */
  readonly total?: number;
  /** The cursor of the next page; absent on the last one. */
  readonly next?: string;
  /** Which bound kept more from being included; absent when all was. */
  readonly includesCut?: Included['cut'];
  /** What the caller should know about the answer. */
  readonly notes?: readonly string[];
}

/** A page of a search over stored resources. */
export interface StoredResult extends SearchResult {
  readonly matches: readonly Match[];
  readonly included: readonly FoundVersion[];
}

/** The cursor of the page that begins behind a match. */
export const cursorBehind = (match: Match): string => Buffer.from(JSON.stringify(placeOf(match))).toString('base64url');

/** Searches the store as the caller of the transaction. */
export class Search {
  constructor(private readonly references: References) {}

  /** Runs a search. Refuses a cursor that no page of this search gave. */
  async run(tx: Reading, asked: SearchQuery, restrictionOf: RestrictionOf): Promise<StoredResult> {
    const query = await this.#coded(tx, asked, restrictionOf);
    if (query.countOnly) return { matches: [], included: [], total: await this.#count(tx, query, restrictionOf) };
    const after = query.cursor === undefined ? undefined : readCursor(query.cursor, query.sort.length + 1);
    const statement = this.#statement(tx, query, restrictionOf);
    const rows = await select<Match>(tx, statement.page(query.count + 1, after), after !== undefined);
    const matches = rows.slice(0, query.count);
    const last = rows.length > query.count ? matches.at(-1) : undefined;
    const whole = !last && after === undefined;
    const total = whole ? matches.length : query.total ? await this.#count(tx, query, restrictionOf) : undefined;
    const { included, cut } = await this.#include(tx, query, matches, restrictionOf);
    return {
      matches,
      included,
      ...(cut ? { includesCut: cut } : {}),
      ...(total === undefined ? {} : { total }),
      ...(last ? { next: cursorBehind(last) } : {}),
    };
  }

  /** How many resources match, of those that meet the restriction. */
  async count(tx: Reading, query: Pick<SearchQuery, 'type' | 'criteria'>, restriction: Restriction): Promise<number> {
    const restrictionOf: RestrictionOf = (type) => (type === query.type ? restriction : undefined);
    return this.#count(tx, await this.#coded(tx, query, restrictionOf), restrictionOf);
  }

  /** Whether one version, past or present, meets conditions on its own values: those of a search that look through nothing. */
  async holds(tx: Reading, version: FoundVersion, asked: readonly ValueCriterion[], restrictionOf: RestrictionOf): Promise<boolean> {
    const { criteria } = await this.#coded<Pick<SearchQuery, 'criteria'>>(tx, { criteria: asked }, restrictionOf);
    const { text, values } = versionSql(version, criteria.filter(isValue), this.references, { clinicId: tx.scope.clinicId, now: tx.clock.now() });
    const [row] = await tx.query<{ met: boolean }>({ text, values });
    return row?.met ?? false;
  }

  /** The search with the codes that its conditions come down to, by the definitions that the caller may search. */
  async #coded<Asked extends Pick<SearchQuery, 'criteria'>>(tx: Reading, asked: Asked, restrictionOf: RestrictionOf): Promise<Asked> {
    if (!asked.criteria.some(needsTerminology)) return asked;
    const criteria: Criterion[] = [];
    for (const criterion of asked.criteria) criteria.push(await withCodes(criterion, (type, canonical) => this.#definition(tx, type, canonical, restrictionOf)));
    return { ...asked, criteria };
  }

  /** The definition that was stored last under this address. */
  async #definition(tx: Reading, type: 'ValueSet' | 'CodeSystem', canonical: string, restrictionOf: RestrictionOf): Promise<ValueSet | CodeSystem | undefined> {
    const [url = '', version] = canonical.split('|');
    if (url === '') return undefined;
    const local = this.references.local(url);
    const parameters: [string, string][] = local ? [['_id', local.type === type ? local.id : '-']] : [['url', escapeText(url)], ...(version ? [['version', escapeText(version)] as [string, string]] : [])];
    const { criteria, sort } = readQuery(type, [...parameters, ['_sort', '-_lastUpdated']], true);
    const [found] = await select<FoundVersion>(tx, this.#statement(tx, { type, criteria, sort }, restrictionOf).page(1, undefined));
    return found && (JSON.parse(found.json) as ValueSet | CodeSystem);
  }

  async #count(tx: Reading, query: Pick<SearchQuery, 'type' | 'types' | 'criteria'>, restrictionOf: RestrictionOf): Promise<number> {
    const [row] = await select<{ count: number }>(tx, this.#statement(tx, { ...query, sort: [] }, restrictionOf).count());
    return row?.count ?? 0;
  }

  #statement(tx: Reading, query: Pick<SearchQuery, 'type' | 'types' | 'criteria' | 'sort'>, restrictionOf: RestrictionOf): SearchStatement {
    return new SearchStatement(tx.scope.clinicId, query, restrictionOf, this.references, tx.clock.now());
  }

  async #include(tx: Reading, { includes }: SearchQuery, matches: readonly FoundVersion[], restrictionOf: RestrictionOf): Promise<Included> {
    if (includes.length === 0 || matches.length === 0) return { included: [] };
    const all: FindAll = (type, criterion, limit) => select<FoundVersion>(tx, this.#statement(tx, { type, criteria: [criterion], sort: [] }, restrictionOf).page(limit, undefined));
    return new Inclusion(includes, matches, this.references, all).run();
  }
}

async function select<Row extends object>(tx: Reading, { text, values, ofPatient }: SearchSql, hasCursor = false): Promise<Row[]> {
  const name = statementName(text);
  try {
    return await tx.query<Row>({ text, values, ...(name ? { name, plannedOnce: ofPatient } : {}), brief: ofPatient && !hasCursor });
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
