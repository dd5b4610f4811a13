import { conflict, type CairnError } from '@cairn/kernel';
import type { Tx } from '@cairn/platform';
import type { ResourceType } from '@medplum/fhirtypes';
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
   * What each conditional reference in the contents stands for, as `Type/id`; those that nothing meets are left out. Refuses with 403
   * without the right to search the type, with 412 where several resources meet the criteria.
   */
  async resolve(tx: Tx, policy: AccessPolicy, contents: readonly Referring[]): Promise<Map<string, string>> {
    const resolved = new Map<string, string>();
    const asked = new Set<string>();
    for (const { path, content } of contents) {
      for (const { text, type, criteria } of conditionalReferencesOf(content)) {
        if (asked.has(text)) continue;
        asked.add(text);
        within(path, () => policy.demand('s', type));
        const query = within(path, () => criteriaOf({ type, criteria }));
        const { matches } = await this.search.run(tx, query, (each) => policy.restriction('s', each));
        const [match] = matches;
        if (matches.length > 1) throw placed(path, severalMeet());
        if (match) resolved.set(text, nameOf(match));
      }
    }
    return resolved;
  }
}

/** A content of the transaction, and where it stands. */
export interface Referring {
  readonly path: string;
  readonly content: JsonObject;
}

/** A reference such as `Patient?identifier=system|value`. */
export interface ConditionalReference {
  readonly text: string;
  readonly type: ResourceType;
  readonly criteria: string;
}

/** The references with criteria in a content, in order. */
export function conditionalReferencesOf(content: JsonObject): ConditionalReference[] {
  if (!mayReferByCriteria(content)) return [];
  return linksOf(content.json).flatMap(({ key, value }) => {
    const [text, type, criteria] = (key === 'reference' && CONDITIONAL.exec(value)) || [];
    return text && type && criteria && isResourceType(type) ? [{ text, type, criteria }] : [];
  });
}

/** Whether a content may have such references, by a look that costs next to nothing: has it one with a question mark, or with an escape that may stand for one? */
export const mayReferByCriteria = ({ json }: JsonObject): boolean => /"reference":"[^"?\\]*[?\\]/.test(json);

/** Refuses with 412 a content that has a conditional reference which is not among the resolved ones. */
export function demandResolved({ path, content }: Referring, resolved: ReadonlyMap<string, string>): void {
  if (conditionalReferencesOf(content).some(({ text }) => !resolved.has(text))) {
    throw placed(path, conflict('No resource meets the criteria of a reference.', { status: 412, code: 'no-match' }));
  }
}

const severalMeet = (): CairnError =>
  conflict('Several resources meet the criteria of a reference.', { status: 412, code: 'multiple-matches' });
