import { forbidden, notFound } from '@cairn/kernel';
import type { Reading } from '@cairn/platform';
import type { ResourceType } from '@medplum/fhirtypes';
import type { AccessPolicy } from '../access/access-policy.js';
import { resourceTypes } from '../definitions/structures.js';
import { typesIn, type Compartment } from '../search/compartment.js';
import { readCompartmentQuery, typesAsked } from '../search/compartment-query.js';
import { CURSOR, readQuery, type SearchQuery } from '../search/search-query.js';
import type { Search, SearchResult } from '../search/search.js';
import { readHistories } from '../store/histories.js';
import { countHistory, readHistory, readOne, readVersion, type FoundVersion, type StoredVersion } from '../store/stored-version.js';
import { historyParameters, writePlace, type Parameters } from './history-parameters.js';

/** A page of a history, with what the next page is asked by. */
export interface History {
  readonly versions: readonly FoundVersion[];
  /** How many there are in all; not counted for the history of many resources, where it would cost more than the page. */
  readonly total?: number;
  readonly self: URLSearchParams;
  readonly next?: URLSearchParams;
}

/** A page of a search, with the search as it was understood. */
export interface Found {
  readonly query: SearchQuery;
  readonly result: SearchResult;
}

/** Reads for callers of /fhir. What a caller may not see is answered as if it were not there. */
export class FhirReads {
  constructor(private readonly search: Search) {}

  /** The version in force, tombstones included. Refuses with 403 without the right to the type, with 404 what isn't visible. */
  async read(tx: Reading, policy: AccessPolicy, type: ResourceType, id: string): Promise<StoredVersion> {
    policy.demand('r', type);
    const version = await readOne(tx, type, id);
    if (!version || !(await this.#permitted(tx, policy, type, id))) throw notFound(`${type}/${id}`);
    return version;
  }

  /** One version. Refuses like `read`. */
  async vread(tx: Reading, policy: AccessPolicy, type: ResourceType, id: string, version: number): Promise<StoredVersion> {
    policy.demand('r', type);
    const found = await readVersion(tx, type, id, version);
    if (!found || !(await this.#permitted(tx, policy, type, id))) throw notFound(`${type}/${id}/_history/${version}`);
    return found;
  }

  /** Versions of one resource, newest first, by `_since`, `_count` and pages. Refuses like `read`. */
  async history(tx: Reading, policy: AccessPolicy, type: ResourceType, id: string, parameters: Parameters): Promise<History> {
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

  /**
   * Versions of all resources of a type, or of every type that the caller may read; newest first, by `_since`, `_count` and pages. Deleted
   * resources can't be held against the query of a scope, so types that the caller may read only in part are refused with 403, and left
   * out where no type is named.
   */
  async histories(tx: Reading, policy: AccessPolicy, type: ResourceType | undefined, parameters: Parameters): Promise<History> {
    if (type) policy.demand('r', type);
    const types = (type ? [type] : [...resourceTypes()]).filter((each) => policy.allows('r', each) && !policy.restriction('r', each));
    if (types.length === 0) throw forbidden('The history of many resources needs a scope to read them all, such as system/Patient.rs.', { code: 'scope-missing' });
    const { self, count, since, after } = historyParameters(parameters);
    const versions = await readHistories(tx, types, { count: count + 1, ...(since ? { since } : {}), ...(after ? { after } : {}) });
    const shown = versions.slice(0, count);
    const last = versions.length > count ? shown.at(-1) : undefined;
    if (!last) return { versions: shown, self };
    return { versions: shown, self, next: new URLSearchParams([...self, [CURSOR, writePlace({ ...last, lastUpdated: last.lastUpdated.toISOString() })]]) };
  }

  /** A page of a search. Refuses with 403 without the right to search the type. */
  async find(tx: Reading, policy: AccessPolicy, type: ResourceType, parameters: Parameters, strict: boolean): Promise<Found> {
    policy.demand('s', type);
    return this.#found(tx, policy, readQuery(type, parameters, strict));
  }

  /**
   * A page of a search within a compartment, for one type or, by `*`, for all that the caller may search. Refuses with 403 without the right to
   * search the types named, with 404 a resource that R4 has no compartment for.
   */
  async findWithin(tx: Reading, policy: AccessPolicy, compartment: Compartment, type: string, parameters: Parameters, strict: boolean): Promise<Found> {
    if (typesIn(compartment).length === 0) throw notFound(`A compartment of a ${compartment.type}`);
    const asked = typesAsked(compartment, type, parameters);
    for (const each of asked ?? []) policy.demand('s', each);
    const types = asked ?? typesIn(compartment).filter((each) => policy.allows('s', each));
    if (!asked && types.length === 0) throw forbidden('A search for all types needs a scope to search some of them, such as system/Observation.rs.', { code: 'scope-missing' });
    return this.#found(tx, policy, readCompartmentQuery(compartment, type, types, parameters, strict));
  }

  async #found(tx: Reading, policy: AccessPolicy, query: SearchQuery): Promise<Found> {
    const result = await this.search.run(tx, query, (each) => (policy.allows('s', each) || policy.allows('r', each) ? restrictionOf(policy, each) : []));
    return { query, result };
  }

  /** Whether the caller's scopes, where they cover only some resources of the type, cover this one. */
  async #permitted(tx: Reading, policy: AccessPolicy, type: ResourceType, id: string): Promise<boolean> {
    const restriction = policy.restriction('r', type);
    if (!restriction) return true;
    const byId = { name: '_id', parameter: '_id', modifier: '', values: [id] } as const;
    return (await this.search.count(tx, { type, criteria: [byId] }, restriction)) > 0;
  }
}

/** Search results carry whole resources, so either right to them serves, each with its own conditions. */
const restrictionOf = (policy: AccessPolicy, type: string) => policy.restriction(policy.allows('s', type) ? 's' : 'r', type);
