import { CairnError, invalid } from '@cairn/kernel';
import { badParameter } from '../interactions/history-parameters.js';
import { isJsonType, mediaTypeOf } from './media-types.js';
import { readElements, readSummary, type Shape } from '../search/shape.js';

/** How an answer is to be written. */
export interface Presentation {
  readonly pretty: boolean;
}

/** Ranges of media types that include JSON. */
const RANGES = new Set(['*/*', 'application/*']);

/**
 * How the caller wants the answer written: by `_format`, which overrides `Accept`, and `_pretty` (R4 http.html#parameters). Refuses with 406
 * a format other than JSON, with 400 a `_pretty` that is neither true nor false.
 */
export function presentationIn(query: readonly (readonly [string, string])[], accept: string | undefined): Presentation {
  const format = lastOf(query, '_format');
  const wanted = format ? [format] : (accept ?? '*/*').split(',');
  if (!wanted.some((type) => (isJsonType(mediaTypeOf(type)) || RANGES.has(mediaTypeOf(type))) && isOurVersion(type))) throw notAcceptable();
  const pretty = lastOf(query, '_pretty') ?? 'false';
  if (pretty !== 'true' && pretty !== 'false') {
    throw invalid('The parameter _pretty is wrong.', { code: 'bad-parameter', issues: [{ path: '_pretty', message: 'Must be true or false.' }] });
  }
  return { pretty: pretty === 'true' };
}

/**
 * Which part of each resource the caller wants where nothing is searched, by `_summary` or `_elements` (R4 search.html#summary); undefined for
 * whole ones. Refuses with 400 other words, and elements that none of the types has at its root; without types they may be any.
 */
export function shapeIn(query: readonly (readonly [string, string])[], types?: readonly string[]): Shape | undefined {
  if (query.length === 0) return undefined;
  const summary = lastOf(query, '_summary') || 'false';
  if (summary === 'count') throw badParameter('_summary', 'Must be true, text, data or false: only what a search matches can be counted.');
  const elements = lastOf(query, '_elements');
  return readSummary(summary) ?? (elements ? readElements(types, elements) : undefined);
}

const lastOf = (query: readonly (readonly [string, string])[], name: string): string | undefined => query.findLast(([each]) => each === name)?.[1];

/** A media type may name the version of FHIR (R4 versioning.html#mt-version). */
function isOurVersion(text: string): boolean {
  const named = /;\s*fhirVersion="?([\d.]+)/i.exec(text)?.[1];
  return named === undefined || /^4\.0(\.|$)/.test(named);
}

const notAcceptable = (): CairnError =>
  new CairnError('invalid', 'Only FHIR R4 as JSON is spoken here: ask for application/fhir+json.', { status: 406, code: 'format-not-supported' });
