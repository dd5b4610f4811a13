import { createHash } from 'node:crypto';
import { isObject, textOf, type FhirJson } from '../fhir-json.js';

/** What a server sets or derives by itself: no part of what two sides agree upon. */
const SERVER_OWN = ['id', 'meta', 'text'];

/** The content of a resource without what its server sets. */
export const contentOf = (resource: FhirJson): FhirJson => Object.fromEntries(Object.entries(resource).filter(([element]) => !SERVER_OWN.includes(element)));

/** Only the named elements of a resource. */
export const elementsOf = (resource: FhirJson, elements: readonly string[]): FhirJson =>
  Object.fromEntries(Object.entries(resource).filter(([element]) => elements.includes(element)));

/** A digest of content that does not depend on the order of keys or on how a number is written. */
export const digest = (content: FhirJson): string => createHash('sha256').update(JSON.stringify(canonical(content))).digest('base64url');

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (isObject(value)) {
    return Object.keys(value)
      .sort()
      .map((key) => [key, canonical(value[key])]);
  }
  return primitive(value);
}

/** Numbers by their value: servers may write 1.10 as 1.1. */
const primitive = (value: unknown): unknown => (typeof value === 'string' || typeof value === 'boolean' || value === null ? value : Number(textOf(value)));

/** Whether everything that stands in `expected` stands in `actual` too, lists in the same order; `actual` may hold more elements. */
export function contains(actual: unknown, expected: unknown): boolean {
  if (Array.isArray(expected)) {
    return Array.isArray(actual) && actual.length === expected.length && expected.every((element, index) => contains(actual[index], element));
  }
  if (isObject(expected)) return isObject(actual) && Object.entries(expected).every(([key, value]) => contains(actual[key], value));
  return actual !== undefined && !isObject(actual) && !Array.isArray(actual) && primitive(actual) === primitive(expected);
}
