import { outlineOf } from '../definitions/structures.js';
import { elementsOf, membersOf } from '../lossless/json-parts.js';
import type { Shape } from '../search/shape.js';

const SUBSETTED = '{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}';
const ALWAYS: ReadonlySet<string> = new Set(['resourceType', 'id', 'meta']);

/**
 * The part of a resource that the caller asked for, with what it can't do without (mandatory elements and modifiers), and marked as
 * SUBSETTED (R4 search.html#summary). What stays, stays as it was written. Expects compact JSON.
 */
export function abridge(type: string, json: string, shape: Shape): string {
  const { summary, needed } = outlineOf(type);
  const keeps = (key: string): boolean => {
    const element = elementOf(key);
    if (ALWAYS.has(element)) return true;
    switch (shape.kind) {
      case 'summary':
        return names(summary, `${type}.${element}`);
      case 'text':
        return element === 'text' || names(needed, `${type}.${element}`);
      case 'data':
        return element !== 'text';
      case 'elements':
        return shape.names.includes(element) || shape.names.some((name) => isChoice(name, element)) || names(needed, `${type}.${element}`);
    }
  };
  const parts = membersOf(json).flatMap(({ key, start, valueStart, end }) => {
    if (!keeps(key)) return [];
    if (key === 'meta') return [`"meta":${tagged(json.slice(valueStart, end))}`];
    return [json.slice(start, valueStart) + (shape.kind === 'summary' ? within(json.slice(valueStart, end), `${type}.${key}`, summary) : json.slice(valueStart, end))];
  });
  if (!parts.some((part) => part.startsWith('"meta":'))) parts.push(`"meta":{"tag":[${SUBSETTED}]}`);
  return `{${parts.join(',')}}`;
}

/** The value with only the summary's elements, where the definitions say so for what is inside. */
function within(json: string, path: string, summary: ReadonlySet<string>): string {
  if (![...summary].some((each) => each.startsWith(`${path}.`))) return json;
  if (json.startsWith('[')) return `[${elementsOf(json, 0).map(({ start, end }) => within(json.slice(start, end), path, summary)).join(',')}]`;
  if (!json.startsWith('{')) return json;
  const kept = membersOf(json).filter(({ key }) => names(summary, `${path}.${elementOf(key)}`));
  return `{${kept.map(({ key, start, valueStart, end }) => json.slice(start, valueStart) + within(json.slice(valueStart, end), `${path}.${key}`, summary)).join(',')}}`;
}

/** `_birthDate` belongs to `birthDate`. */
const elementOf = (key: string): string => (key.startsWith('_') ? key.slice(1) : key);

/** Whether the set has the path, or the choice that it is one of: `Observation.value[x]` for `Observation.valueQuantity`. */
function names(paths: ReadonlySet<string>, path: string): boolean {
  if (paths.has(path)) return true;
  for (let at = path.length - 1; at > 0 && path[at] !== '.'; at--) {
    if (/[A-Z]/.test(path.charAt(at)) && paths.has(`${path.slice(0, at)}[x]`)) return true;
  }
  return false;
}

const isChoice = (name: string, element: string): boolean => element.startsWith(name) && /^[A-Z]/.test(element.slice(name.length));

function tagged(meta: string): string {
  const tag = membersOf(meta).find(({ key }) => key === 'tag');
  if (!tag) return `${meta.slice(0, -1)},"tag":[${SUBSETTED}]}`;
  return `${meta.slice(0, tag.end - 1)},${SUBSETTED}${meta.slice(tag.end - 1)}`;
}
