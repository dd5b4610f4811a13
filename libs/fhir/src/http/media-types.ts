/** Names of JSON that `_format`, `Accept` and `Content-Type` may carry (R4 http.html#mime-type). */
const JSON_TYPES = new Set(['json', 'application/json', 'application/fhir+json', 'text/json', 'application/json-patch+json']);

/** The media type without its parameters. A "+" that was not escaped in a URL arrives as a space. */
export const mediaTypeOf = (text: string): string => (text.split(';')[0] ?? '').trim().replace(' ', '+').toLowerCase();

/** Whether a media type, without parameters, is JSON. */
export const isJsonType = (type: string): boolean => JSON_TYPES.has(type);
