import { isUtf8 } from 'node:buffer';
import { invalid } from '@cairn/kernel';
import { compactJson } from './compact-json.js';
import type { JsonLimits } from './json-limits.js';

/** A JSON object as it was sent: the text that is kept, and the value to look into. Numbers in `value` may have lost digits; those in `json` have not. */
export interface JsonObject {
  readonly json: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** Reads a request's body. Refuses what is not UTF-8, not JSON, or not an object, and whatever `compactJson` refuses. */
export const readBody = (body: Buffer | string, limits: JsonLimits): JsonObject => readObject(readText(body, limits));

/** Reads a request's body, be it an object or not, as compact JSON. Refuses what is not UTF-8, and whatever `compactJson` refuses. */
export function readText(body: Buffer | string, limits: JsonLimits): string {
  if (typeof body !== 'string' && !isUtf8(body)) {
    throw invalid('The body is not valid UTF-8. Send JSON in UTF-8.', { code: 'invalid-unicode' });
  }
  const text = (typeof body === 'string' ? body : body.toString('utf8')).replace(/^\uFEFF/, '');
  return compactJson(text, limits);
}

/** Reads compact JSON that is known to be sound. Refuses what is not an object. */
export function readObject(json: string): JsonObject {
  const value: unknown = JSON.parse(json);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid('The body must be one JSON object.', { code: 'invalid-json' });
  }
  return { json, value: value as Record<string, unknown> };
}
