import { invalid } from '@cairn/kernel';
import { compactJson } from '../lossless/compact-json.js';
import type { JsonObject } from '../lossless/read-body.js';
import { validate } from '../validation/validate.js';
import { fhirPathPatch } from './fhirpath-patch.js';
import { jsonPatch } from './json-patch.js';

/** How deep patches and what they make may nest. */
const DEPTH = { maxDepth: 200 };

const JSON_PATCH = 'application/json-patch+json';

/**
 * Makes the patch of a PATCH request ready, to be applied to compact JSON: a list of operations is a JSON Patch, a Parameters resource a
 * FHIRPath Patch, a Binary the JSON Patch that it holds (R4 http.html#patch). Refuses with 400 what is none of these.
 */
export function readPatch(body: string | JsonObject): (json: string) => string {
  const patch = typeof body === 'string' ? jsonPatch(body) : body.value['resourceType'] === 'Binary' ? jsonPatch(textIn(body)) : fhirPathPatch(body);
  // Steps can build what no body may hold, such as nesting without end.
  return (json) => compactJson(patch(json), DEPTH);
}

function textIn({ value }: JsonObject): string {
  validate(value);
  if (value['contentType'] !== JSON_PATCH) throw bad('Binary.contentType', `Must be ${JSON_PATCH}.`);
  const text = Buffer.from(typeof value['data'] === 'string' ? value['data'] : '', 'base64').toString('utf8');
  return compactJson(text, DEPTH);
}

const bad = (path: string, message: string) => invalid('The resource is not a patch.', { code: 'bad-patch', issues: [{ path, message }] });
