import { elementsOf, membersOf, type Member } from './json-parts.js';
import { applyEdits, type Edit } from './resource-text.js';

/**
 * The JSON of a Bundle in which each resource has the id that its entry's `fullUrl` has here, as `idOf` says: the two may not disagree (R4
 * bundle.html#Bundle). Where it says nothing, and where a resource has no id, everything stays as it was written.
 */
export function settleEntryIds(json: string, idOf: (fullUrl: string) => string | undefined): string {
  const entry = memberOf(json, 0, 'entry');
  if (!entry || json[entry.valueStart] !== '[') return json;
  const edits = elementsOf(json, entry.valueStart).flatMap(({ start }): Edit[] => {
    const fullUrl = memberOf(json, start, 'fullUrl');
    const settled = fullUrl && idOf(JSON.parse(json.slice(fullUrl.valueStart, fullUrl.end)) as string);
    const resource = settled === undefined ? undefined : memberOf(json, start, 'resource');
    const id = resource && memberOf(json, resource.valueStart, 'id');
    return id ? [{ start: id.valueStart, end: id.end, text: JSON.stringify(settled) }] : [];
  });
  return edits.length === 0 ? json : applyEdits(json, edits);
}

/** A member of the object that begins at `start`; undefined where none of that name is there, and where nothing that begins there is an object. */
const memberOf = (json: string, start: number, key: string): Member | undefined => (json[start] === '{' ? membersOf(json, start).find((member) => member.key === key) : undefined);
