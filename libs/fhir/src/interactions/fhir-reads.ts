import { invalid, notFound } from '@cairn/kernel';
import type { Tx } from '@cairn/platform';
import type { ResourceType } from '@medplum/fhirtypes';
import type { AccessPolicy } from '../access/access-policy.js';
import { rangeOf } from '../search-index/date-range.js';
import { readQuery, SEARCH_LIMITS, type SearchQuery } from '../search/search-query.js';
import type { Search, SearchResult } from '../search/search.js';
import { countHistory, readHistory, readOne, readVersion, type StoredVersion } from '../store/stored-version.js';

type Parameters = readonly (readonly [string, string])[];

/** A page of a history, with what the next page is asked by. */
export interface History {
  readonly versions: readonly StoredVersion[];
  readonly total: number;
  readonly self: URLSearchParams;
  readonly next?: URLSearchParams;
}

/** Reads for callers of /fhir. What a caller may not see is answered as if it were not there. */
export class FhirReads {
  constructor(private readonly search: Search) {}

  /** The version in force, tombstones included. Refuses with 403 without the right to the type, with 404 what isn't visible. */
  async read(tx: Tx, policy: AccessPolicy, type: ResourceType, id: string): Promise<StoredVersion> {
    policy.demand('r', type);
    const version = await readOne(tx, type, id);
    if (!version || !(await this.#permitted(tx, policy, type, id))) throw notFound(`${type}/${id}`);
    return version;
  }

  /** One version. Refuses like `read`. */
  async vread(tx: Tx, policy: AccessPolicy, type: ResourceType, id: string, version: number): Promise<StoredVersion> {
    policy.demand('r', type);
    const found = await readVersion(tx, type, id, version);
    if (!found || !(await this.#permitted(tx, policy, type, id))) throw notFound(`${type}/${id}/_history/${version}`);
    return found;
  }

  /** Versions of one resource, newest first, by `_since`, `_count` and pages. Refuses like `read`. */
  async history(tx: Tx, policy: AccessPolicy, type: ResourceType, id: string, parameters: Parameters): Promise<History> {
    policy.demand('r', type);
    const asked = historyParameters(parameters);
    const { since, count, below } = asked;
    const page = { count: count + 1, ...(since ? { since } : {}), ...(below === undefined ? {} : { below }) };
    const versions = await readHistory(tx, type, id, page);
    const total = await countHistory(tx, type, id, since);
    // Nothing since then is an empty page; nothing at all is no resource.
    const exists = total > 0 || (await readOne(tx, type, id)) !== undefined;
    if (!exists || !(await this.#permitted(tx, policy, type, id))) throw notFound(`${type}/${id}`);
    const shown = versions.slice(0, count);
    const last = versions.length > count ? shown.at(-1) : undefined;
    return { versions: shown, total, self: asked.self, ...(last ? { next: new URLSearchParams([...asked.self, ['_below', String(last.version)]]) } : {}) };
  }

  /** A page of a search. Refuses with 403 without the right to search the type. */
  async find(tx: Tx, policy: AccessPolicy, type: ResourceType, parameters: Parameters, strict: boolean): Promise<{ query: SearchQuery; result: SearchResult }> {
    policy.demand('s', type);
    const query = readQuery(type, parameters, strict);
    const result = await this.search.run(tx, query, (each) => (policy.allows('s', each) || policy.allows('r', each) ? restrictionOf(policy, each) : []));
    return { query, result };
  }

  /** Whether the caller's scopes, where they cover only some resources of the type, cover this one. */
  async #permitted(tx: Tx, policy: AccessPolicy, type: ResourceType, id: string): Promise<boolean> {
    const restriction = policy.restriction('r', type);
    if (!restriction) return true;
    const byId = { name: '_id', parameter: '_id', modifier: '', values: [id] } as const;
    return (await this.search.count(tx, { type, criteria: [byId] }, restriction)) > 0;
  }
}

/** Search results carry whole resources, so either right to them serves, each with its own conditions. */
const restrictionOf = (policy: AccessPolicy, type: string) => policy.restriction(policy.allows('s', type) ? 's' : 'r', type);

function historyParameters(parameters: Parameters) {
  const self = new URLSearchParams();
  let since: Date | undefined;
  let below: number | undefined;
  let count = SEARCH_LIMITS.defaultCount;
  for (const [name, value] of parameters) {
    if (name === '_since') {
      const range = rangeOf(value);
      if (!range) throw badParameter(name, 'Must be an instant such as 2024-05-17T10:00:00Z.');
      since = new Date(range.low);
      self.set(name, value);
    } else if (name === '_count') {
      if (!/^[1-9]\d{0,8}$/.test(value)) throw badParameter(name, 'Must be a whole number, 1 or more.');
      count = Math.min(Number(value), SEARCH_LIMITS.maxCount);
      self.set(name, String(count));
    } else if (name === '_below') {
      if (!/^[1-9]\d{0,8}$/.test(value)) throw badParameter(name, 'Follow the "next" link as it was given.');
      below = Number(value);
    }
  }
  return { self, count, ...(since ? { since } : {}), ...(below === undefined ? {} : { below }) };
}

const badParameter = (name: string, message: string) => invalid(`The parameter ${name} is wrong.`, { code: 'bad-parameter', issues: [{ path: name, message }] });
