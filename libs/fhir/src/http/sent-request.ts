import { CairnError } from '@cairn/kernel';
import type { BundleEntry } from '../bundle/read-bundle.js';
import type { JsonLimits } from '../lossless/json-limits.js';
import { readBody, readText, type JsonObject } from '../lossless/read-body.js';
import { binaryOf } from './binary-content.js';
import { methodNotAllowed, splitUrl, type FhirRequest } from './fhir-request.js';
import { isJsonType, mediaTypeOf } from './media-types.js';

/** The headers that mean something to the FHIR interface. */
export const FHIR_HEADERS = ['prefer', 'if-match', 'if-none-exist', 'if-none-match', 'if-modified-since', 'content-type', 'x-security-context'] as const;

/** A request to /fhir as it was sent, before anything of it was looked at. */
export interface SentRequest {
  readonly method: string;
  /** What stands behind `/fhir/`, as it was written. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Bytes of JSON, or the text of a form. */
  readonly body?: Buffer | string;
  /** Only the beginning of the body could be read. */
  readonly isCut?: boolean;
}

/** Reads what was sent. Refuses a URL or a body that can't be read, and a form that is not a search. */
export function readSent({ method, url, headers, body }: SentRequest, base: string, limits: JsonLimits): FhirRequest {
  const { path, query } = splitUrl(url, base);
  const common = { method, path, headers };
  if (typeof body === 'string') {
    // A form, which only a search may send (R4 search.html#Introduction).
    if (path.at(-1) !== '_search') throw methodNotAllowed('A form by POST');
    return { ...common, query: [...query, ...new URLSearchParams(body)] };
  }
  if (!body) return { ...common, query };
  if (method === 'POST' && path.at(-1) === '_search' && body.length > 0) throw searchByForm();
  const type = headers['content-type'];
  if (type !== undefined && !isJsonType(mediaTypeOf(type))) return { ...common, query, body: contentSent(common, type, body) };
  const isPatch = headers['content-type']?.startsWith('application/json-patch+json') ?? false;
  return { ...common, query, ...(isPatch ? { operations: readText(body, limits) } : { body: readBody(body, limits) }) };
}

/** A Binary may be sent as what it holds. Refuses with 415 other bodies that are no JSON. */
function contentSent({ method, path, headers }: Pick<FhirRequest, 'method' | 'path' | 'headers'>, type: string, bytes: Buffer): JsonObject {
  if (!takesContent(method, path) || mediaTypeOf(type) === 'application/fhir+xml') throw unknownType();
  return binaryOf({ type, bytes }, path[1], headers['x-security-context']);
}

/** Whether a body of any media type may come by this method at this path: the content of a Binary. */
export const takesContent = (method: string, path: readonly string[]): boolean => path[0] === 'Binary' && ((method === 'POST' && path.length === 1) || (method === 'PUT' && path.length === 2));

const unknownType = (): CairnError =>
  new CairnError('invalid', 'The body is of a media type that is not understood here: send application/fhir+json.', { status: 415, code: 'media-type-not-supported' });

const searchByForm = (): CairnError =>
  new CairnError('invalid', 'A search by POST has its parameters in a form: send application/x-www-form-urlencoded.', { status: 415, code: 'media-type-not-supported' });

/** An entry of a batch, as if it had been sent alone. */
export const sentAlone = ({ method, url, resource }: BundleEntry, headers: SentRequest['headers'], base: string): SentRequest => ({
  method,
  url: url.startsWith(`${base}/`) ? url.slice(base.length + 1) : url,
  headers,
  ...(resource ? { body: Buffer.from(resource.json) } : {}),
});
