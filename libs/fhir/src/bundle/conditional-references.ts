import { conflict, type CairnError } from '@cairn/kernel';
import type { Tx } from '@cairn/platform';
import type { AccessPolicy } from '../access/access-policy.js';
import { isResourceType } from '../definitions/structures.js';
import { criteriaOf } from '../interactions/conditional-create.js';
import { placed, within } from '../interactions/write-request.js';
import { linksOf } from '../lossless/links.js';
import type { JsonObject } from '../lossless/read-body.js';
import type { Search } from '../search/search.js';
import { nameOf } from '../store/stored-version.js';

const CONDITIONAL = /^([A-Z][A-Za-z]+)\?(.+)$/;

/** Finds what references such as `Patient?identifier=system|value` stand for (R4 http.html#trules). */
export class ConditionalReferences {
  constructor(private readonly search: Search) {}

  /**
   * What each conditional reference in the contents stands for, as `Type/id`. Refuses with 403 without the right to search the type, with
   * 412 where not exactly one resource meets the criteria.
   */
  async resolve(tx: Tx, policy: AccessPolicy, contents: readonly { readonly path: string; readonly resource: JsonObject }[]): Promise<Map<string, string>> {
    const resolved = new Map<string, string>();
    for (const { path, resource } of contents) {
      for (const { key, value } of linksOf(resource.json)) {
        const [, type, criteria] = (key === 'reference' && CONDITIONAL.exec(value)) || [];
        if (!type || !criteria || !isResourceType(type) || resolved.has(value)) continue;
        within(path, () => policy.demand('s', type));
        const query = within(path, () => criteriaOf({ type, criteria }));
        const { matches } = await this.search.run(tx, query, (each) => policy.restriction('s', each));
        const [match] = matches;
        if (!match || matches.length > 1) throw placed(path, notOne(matches.length));
        resolved.set(value, nameOf(match));
      }
    }
    return resolved;
  }
}

const notOne = (count: number): CairnError =>
  conflict(count === 0 ? 'No resource meets the criteria of a reference.' : 'Several resources meet the criteria of a reference.', {
    status: 412,
    code: count === 0 ? 'no-match' : 'multiple-matches',
  });
