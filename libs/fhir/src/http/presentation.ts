import { CairnError, invalid } from '@cairn/kernel';

/** How an answer is to be written. */
export interface Presentation {
  readonly pretty: boolean;
}

/** Names of JSON that `_format` and `Accept` may carry (R4 http.html#mime-type), and ranges that include it. */
const JSON_TYPES = new Set(['json', 'application/json', 'application/fhir+json', 'text/json', '*/*', 'application/*']);

/**
 * How the caller wants the answer written: by `_format`, which overrides `Accept`, and `_pretty` (R4 http.html#parameters). Refuses with 406
 * a format other than JSON, with 400 a `_pretty` that is neither true nor false.
 */
export function presentationIn(query: readonly (readonly [string, string])[], accept: string | undefined): Presentation {
  const format = lastOf(query, '_format');
  const wanted = format ? [format] : (accept ?? '*/*').split(',');
  if (!wanted.some((type) => JSON_TYPES.has(mediaTypeOf(type)))) throw notAcceptable();
  const pretty = lastOf(query, '_pretty') ?? 'false';
  if (pretty !== 'true' && pretty !== 'false') {
    throw invalid('The parameter _pretty is wrong.', { code: 'bad-parameter', issues: [{ path: '_pretty', message: 'Must be true or false.' }] });
  }
  return { pretty: pretty === 'true' };
}

const lastOf = (query: readonly (readonly [string, string])[], name: string): string | undefined => query.findLast(([each]) => each === name)?.[1];

/** The media type without its parameters. A "+" that was not escaped in a URL arrives as a space. */
const mediaTypeOf = (text: string): string => (text.split(';')[0] ?? '').trim().replace(' ', '+').toLowerCase();

const notAcceptable = (): CairnError =>
  new CairnError('invalid', 'Only JSON is spoken here: ask for application/fhir+json.', { status: 406, code: 'format-not-supported' });
