import { readObject, type JsonObject } from '../lossless/read-body.js';
import type { FhirAnswer, FhirRequest } from './fhir-request.js';
import { isJsonType, mediaTypeOf } from './media-types.js';

/** What a Binary holds, as it is. */
export interface BinaryContent {
  readonly type: string;
  readonly bytes: Buffer;
}

/** Whether a Binary is read for its content, by a caller that names no format of FHIR (R4 binary.html#rest). */
export function wantsContent({ method, path, query }: FhirRequest, accept = '*/*'): boolean {
  if (path[0] !== 'Binary' || (method !== 'GET' && method !== 'HEAD')) return false;
  const isOne = path.length === 2 ? path[1] !== '_history' && path[1] !== '_search' : path.length === 4 && path[2] === '_history';
  return isOne && !query.some(([name]) => name === '_format') && !accept.split(',').some((type) => isJsonType(mediaTypeOf(type)));
}

/** What can stand in a header. Who is not judged may have stored any text as a media type. */
const HEADER_TEXT = /^[\x20-\x7e]+$/;

/** The content of the Binary that an answer carries; undefined where it carries none, or one without data. */
export function contentOf({ json }: FhirAnswer): BinaryContent | undefined {
  if (json === undefined) return undefined;
  const { resourceType, contentType, data } = JSON.parse(json) as Readonly<Record<string, unknown>>;
  if (resourceType !== 'Binary' || typeof data !== 'string') return undefined;
  const type = typeof contentType === 'string' && HEADER_TEXT.test(contentType) ? contentType : 'application/octet-stream';
  return { type, bytes: Buffer.from(data, 'base64') };
}

/** A Binary of content that was sent as it is. `context` names the resource whose readers may read it, as `X-Security-Context` does. */
export function binaryOf({ type, bytes }: BinaryContent, id: string | undefined, context: string | undefined): JsonObject {
  return readObject(JSON.stringify({ resourceType: 'Binary', ...(id === undefined ? {} : { id }), contentType: type, ...(context === undefined ? {} : { securityContext: { reference: context } }), data: bytes.toString('base64') }));
}
