import type { Tx } from '@cairn/platform';
import type { ResourceType } from '@medplum/fhirtypes';
import type { AccessPolicy } from '../access/access-policy.js';
import { isValue, type Criterion } from '../search/criterion.js';
import type { RestrictionOf } from '../search/criterion-sql.js';
import { readQuery } from '../search/search-query.js';
import type { Search } from '../search/search.js';
import { readVersion, type FoundVersion } from '../store/stored-version.js';

/** Which resources are asked after. */
interface Asked {
  readonly type: ResourceType;
  /** Searches that they must meet, as query strings. */
  readonly queries: readonly string[];
}

/** Sees resources with the eyes of the actor of a transaction. */
export class SubscriberSight {
  constructor(
    private readonly tx: Tx,
    private readonly search: Search,
    private readonly policy: AccessPolicy,
  ) {}

  /**
   * Those of the named resources that the actor may see now and that meet the searches, by id: as a search over /fhir would find them, row by row and scope by
   * scope. Refuses what a search refuses.
   */
  async meeting({ type, queries }: Asked, ids: readonly string[]): Promise<Map<string, FoundVersion>> {
    return this.#found(type, criteriaOf(type, queries), ids);
  }

  /**
   * Those of the versions that met the searches and belong to resources that the actor may see now. What a search looks for in the resource itself is held
   * against the version; what it looks for in others (chains, `_has`, `_list`) against what they are now.
   */
  async versionsMeeting<Named extends { readonly id: string; readonly version: number }>({ type, queries }: Asked, versions: readonly Named[]): Promise<Named[]> {
    const criteria = criteriaOf(type, queries);
    const ids = [...new Set(versions.map(({ id }) => id))];
    const meeting = await this.#found(type, criteria, ids);
    if (criteria.length === 0) return versions.filter(({ id }) => meeting.has(id));
    const inForce = (each: Named): boolean => meeting.get(each.id)?.version === each.version;
    // For what is in force all is said, unless it is not seen at all; for what was replaced meanwhile nothing is.
    const others = versions.filter((each) => !inForce(each));
    const present = others.length === 0 ? meeting : await this.#found(type, criteria.filter((each) => !isValue(each)), [...new Set(others.map(({ id }) => id))]);
    const met = new Set(versions.filter(inForce));
    for (const each of others) {
      const current = present.get(each.id);
      if (current && current.version !== each.version && (await this.#met(type, each, criteria))) met.add(each);
    }
    return versions.filter((each) => met.has(each));
  }

  async #met(type: ResourceType, { id, version }: { readonly id: string; readonly version: number }, criteria: readonly Criterion[]): Promise<boolean> {
    const past = await readVersion(this.tx, type, id, version);
    return past !== undefined && this.search.holds(this.tx, past, criteria.filter(isValue), this.#restrictionOf);
  }

  async #found(type: ResourceType, criteria: readonly Criterion[], ids: readonly string[]): Promise<Map<string, FoundVersion>> {
    if (!this.policy.allows('s', type) && !this.policy.allows('r', type)) return new Map();
    const byId: Criterion = { name: '_id', parameter: '_id', modifier: '', values: ids };
    const query = { ...readQuery(type, [], true), criteria: [byId, ...criteria], count: Math.max(ids.length, 1) };
    const { matches } = await this.search.run(this.tx, query, this.#restrictionOf);
    return new Map(matches.map((version) => [version.id, version]));
  }

  readonly #restrictionOf: RestrictionOf = (type) => {
    if (this.policy.allows('s', type)) return this.policy.restriction('s', type);
    return this.policy.allows('r', type) ? this.policy.restriction('r', type) : [];
  };
}

const criteriaOf = (type: ResourceType, queries: readonly string[]): Criterion[] => queries.flatMap((query) => readQuery(type, new URLSearchParams(query), true).criteria);
