import { isDeepStrictEqual } from 'node:util';
import { membersOf } from './json-parts.js';

/**
 * The JSON of an object with only those members written anew whose value differs between `before` (what the JSON says) and `after`. All others stand exactly as
 * they were written, numbers included, in their places; members that are new follow at the end. Expects the output of `compactJson`.
 */
export function amendText(json: string, before: object, after: object): string {
  const was = new Map<string, unknown>(Object.entries(before));
  const is = new Map<string, unknown>(Object.entries(after).filter(([, value]) => value !== undefined));
  const kept = membersOf(json).flatMap(({ key, start, end }) => {
    if (!is.has(key)) return [];
    return [isDeepStrictEqual(was.get(key), is.get(key)) ? json.slice(start, end) : memberOf(key, is.get(key))];
  });
  const added = [...is].filter(([key]) => !was.has(key)).map(([key, value]) => memberOf(key, value));
  return `{${[...kept, ...added].join(',')}}`;
}

const memberOf = (key: string, value: unknown): string => `${JSON.stringify(key)}:${JSON.stringify(value)}`;
