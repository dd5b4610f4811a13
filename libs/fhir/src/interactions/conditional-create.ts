import { conflict, invalid } from '@cairn/kernel';
import type { Tx } from '@cairn/platform';
import { needsTerminology } from '../search/coded-criteria.js';
import { isValue } from '../search/criterion.js';
import { readQuery, type SearchQuery } from '../search/search-query.js';
import type { Search } from '../search/search.js';
import { claimCreates } from '../store/create-claims.js';
import type { FoundVersion } from '../store/stored-version.js';
import { placed, within, type WriteRequest } from './write-request.js';

/** Decides conditional creates (R4 http.html#ccreate), so that identical ones that come at the same moment make one resource. */
export class ConditionalCreates {
  constructor(private readonly search: Search) {}

  /**
   * The resource that stands in the way of each create, or is meant by each update, that has criteria; writes without, those that nothing
   * matches, and deletions are not in the result. Until the transaction ends, nobody else can create what a create of this transaction is about to.
   *
   * Refuses with 412 where several resources match, with 400 criteria that are no search, or that two creates of the transaction share.
   */
  async existing(tx: Tx, creates: readonly WriteRequest[]): Promise<Map<WriteRequest, FoundVersion>> {
    const queries = new Map<WriteRequest, SearchQuery>();
    for (const create of creates) if (create.criteria !== undefined && create.method !== 'DELETE') queries.set(create, within(create.path, () => criteriaOf(create)));
    refuseTwins(queries);

    const found = await this.#matches(tx, queries);
    const open = new Map([...queries].filter(([create]) => !found.has(create)));
    if (open.size === 0) return found;
    await claimCreates(tx, [...open].map(([{ type }, query]) => ({ type, criteria: normal(query) })));
    // Whoever held the claim may have created it meanwhile.
    for (const [create, version] of await this.#matches(tx, open)) found.set(create, version);
    return found;
  }

  async #matches(tx: Tx, queries: ReadonlyMap<WriteRequest, SearchQuery>): Promise<Map<WriteRequest, FoundVersion>> {
    const found = new Map<WriteRequest, FoundVersion>();
    for (const [create, query] of queries) {
      const { matches } = await this.search.run(tx, query, () => undefined);
      const [match] = matches;
      if (matches.length > 1) throw placed(create.path, severalMatch('the criteria'));
      if (match) found.set(create, match);
    }
    return found;
  }
}

/** Understands criteria that must single out one resource. Refuses unknown parameters: to ignore one would match too much. */
export function criteriaOf({ type, criteria = '' }: Pick<WriteRequest, 'type' | 'criteria'>): SearchQuery {
  const query = readQuery(type, new URLSearchParams(criteria), true);
  if (query.criteria.length === 0) {
    throw invalid('The criteria are empty: name at least one search parameter, such as identifier=system|value.', { code: 'criteria-missing' });
  }
  // What a chain looks through is bound by scopes to search, which a writer may not have.
  if (!query.criteria.every(isValue)) throw invalid('Criteria of a write can not look through references: no chains, no _has, no _list.', { code: 'bad-parameter' });
  // What value sets say is bound by scopes to search as well.
  if (query.criteria.some(needsTerminology)) throw invalid('Criteria of a write can not use :in, :not-in, :above or :below of codes.', { code: 'bad-parameter' });
  // Two are enough to know that it isn't one.
  return { ...query, sort: [], includes: [], count: 2, total: false, countOnly: false };
}

const normal = ({ applied }: SearchQuery): string =>
  applied
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join('&');

function refuseTwins(queries: ReadonlyMap<WriteRequest, SearchQuery>): void {
  const seen = new Set<string>();
  for (const [{ type, path }, query] of queries) {
    const key = `${type}?${normal(query)}`;
    if (seen.has(key)) throw placed(path, invalid('Two entries have the same criteria, so it is not clear which of them to make.', { code: 'conflicting-entries' }));
    seen.add(key);
  }
}

const severalMatch = (what: string) =>
  conflict(`Several resources match ${what}. Name criteria that only one can meet.`, { status: 412, code: 'multiple-matches' });
