import type { Tx } from '@cairn/platform';
import type { ResourceType } from '@medplum/fhirtypes';
import type { AccessPolicy } from '../access/access-policy.js';
import type { Criterion } from '../search/criterion.js';
import { readQuery } from '../search/search-query.js';
import type { Search } from '../search/search.js';
import type { CurrentVersion } from '../store/stored-version.js';

/** Which resources are asked after. */
interface Asked {
  readonly type: ResourceType;
  /** Searches that they must meet, as query strings. */
  readonly queries: readonly string[];
}

/**
 * Those of the named resources that the actor of the transaction may see now and that meet the searches, by id: as a search over /fhir would find them, row by row
 * and scope by scope. Refuses what a search refuses.
 */
export async function meets(tx: Tx, search: Search, policy: AccessPolicy, { type, queries }: Asked, ids: readonly string[]): Promise<Map<string, CurrentVersion>> {
  const right = policy.allows('s', type) ? 's' : 'r';
  if (!policy.allows(right, type)) return new Map();
  const byId: Criterion = { name: '_id', parameter: '_id', modifier: '', values: ids };
  const asked = queries.flatMap((query) => readQuery(type, new URLSearchParams(query), true).criteria);
  const query = { ...readQuery(type, [], true), criteria: [byId, ...asked], count: Math.max(ids.length, 1) };
  const { matches } = await search.run(tx, query, (each) => (policy.allows('s', each) ? policy.restriction('s', each) : policy.allows('r', each) ? policy.restriction('r', each) : []));
  return new Map(matches.map((version) => [version.id, version]));
}
