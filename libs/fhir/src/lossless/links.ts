import { endOfValue } from './json-parts.js';
import { applyEdits, type Edit } from './resource-text.js';

/** A key whose string value may name another entry of a Bundle by its `fullUrl` (R4 http.html#trules), up to the value's opening quote. */
const LINK = /"(reference|fullUrl|url|uri|valueUri|valueUrl|valueUuid|valueOid|valueCanonical)":(?=")/g;

/** A string in the JSON that may point at another resource. */
export interface Link {
  readonly key: string;
  readonly value: string;
  /** Where the value's opening quote stands. */
  readonly start: number;
  readonly end: number;
}

/** All strings of a compact JSON text that stand under one of the keys that may hold a link, in order. */
export function linksOf(json: string): Link[] {
  return Array.from(json.matchAll(LINK), ({ 0: before, 1: key = '', index }) => {
    const start = index + before.length;
    const end = endOfValue(json, start);
    return { key, value: JSON.parse(json.slice(start, end)) as string, start, end };
  });
}

/** The JSON with each link replaced for which `replacement` returns a text. Everything else stays as it was written. */
export function replaceLinks(json: string, replacement: (link: Link) => string | undefined): string {
  const edits: Edit[] = [];
  for (const link of linksOf(json)) {
    const text = replacement(link);
    if (text !== undefined) edits.push({ start: link.start, end: link.end, text: JSON.stringify(text) });
  }
  return edits.length === 0 ? json : applyEdits(json, edits);
}
