import { PassThrough } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CairnError, invalid } from '@cairn/kernel';
import type { FastifyInstance, FastifyRequest, RequestPayload } from 'fastify';

/** Why a body on /fhir can't be taken. What came of it until then is the request's body. */
interface RefusedBody {
  readonly error: CairnError;
  /** Whether all of it came, as it was before any encoding. */
  readonly isWhole: boolean;
}

declare module 'fastify' {
  interface FastifyRequest {
    refusedBody?: RefusedBody;
  }
}

/**
 * Bounds bodies on /fhir, and lets them come gzipped: what they inflate to is bound like any other body, and inflating stops there, so that a
 * small body can't become a large one. Other encodings, and any elsewhere, are refused with 415.
 *
 * A body on /fhir is refused only once its sender is known, by what stands in `refusedBody`: it may have carried a referral, of which the
 * clinic must hear. What is over the limit is read to its end and thrown away: a sender who is still writing when the connection closes
 * never hears why.
 */
export function registerFhirBodies(fastify: FastifyInstance, limit: number): void {
  fastify.addHook('preParsing', (request, _reply, payload, done) => {
    const encoding = request.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
    if (!isFhir(request)) return encoding === 'identity' ? done(null, payload) : done(unknownEncoding());
    // Without either header there is no body (RFC 9112, 6.3).
    const length = request.headers['content-length'] ?? (request.headers['transfer-encoding'] === undefined ? 0 : undefined);
    if (encoding === 'identity' && length !== undefined && Number(length) <= limit) return done(null, payload);
    if (encoding !== 'identity' && encoding !== 'gzip') request.refusedBody = { error: unknownEncoding(), isWhole: false };
    // It says what is sent, not what is read of it, and Fastify would hold the two against each other.
    delete request.headers['content-length'];
    done(null, bounded(request, payload, limit, encoding === 'gzip'));
  });
  // Media types that nothing reads.
  fastify.addContentTypeParser('*', (request, payload, done) => {
    if (!isFhir(request)) return done(unknownType());
    request.refusedBody ??= { error: unknownType(), isWhole: true };
    const chunks: Buffer[] = [];
    let received = 0;
    payload.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (received <= limit) chunks.push(chunk);
    });
    payload.on('error', done);
    payload.on('end', () => done(null, Buffer.concat(chunks)));
  });
}

const isFhir = ({ url }: FastifyRequest): boolean => url.startsWith('/fhir');

/** The body, inflated where it is gzipped, up to the limit or to what can't be read; the request is told which. */
function bounded(request: FastifyRequest, payload: RequestPayload, limit: number, isGzip: boolean): RequestPayload {
  const result = new PassThrough();
  const plain = isGzip ? createGunzip() : new PassThrough();
  let received = 0;
  let stopped = false;
  const stop = (error: CairnError): void => {
    if (stopped) return;
    stopped = true;
    request.refusedBody ??= { error, isWhole: false };
    payload.unpipe(plain);
    plain.destroy();
    discard(payload, limit, () => result.end());
  };
  payload.on('error', () => stop(malformed()));
  plain.on('error', () => stop(malformed()));
  plain.on('data', (chunk: Buffer) => {
    received += chunk.length;
    if (received > limit) stop(tooLarge(limit));
    else if (!stopped && !result.write(chunk)) plain.pause();
  });
  result.on('drain', () => plain.resume());
  plain.on('end', () => result.end());
  payload.pipe(plain);
  return result;
}

/** Reads what is still under way, up to ten times the limit, and throws it away; then goes on. */
function discard(payload: RequestPayload, limit: number, then: () => void): void {
  let left = 10 * limit;
  let over = false;
  const end = (): void => {
    if (over) return;
    over = true;
    then();
  };
  if (payload.readableEnded || payload.destroyed) return end();
  payload.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) end();
  });
  for (const event of ['end', 'error', 'close']) payload.on(event, end);
  payload.resume();
}

const unknownEncoding = (): CairnError => new CairnError('invalid', 'The body has an encoding that is not understood here: send it plain, or on /fhir with gzip.', { status: 415, code: 'encoding-not-supported' });
const unknownType = (): CairnError => new CairnError('invalid', 'The body is of a media type that is not understood here. On /fhir send application/fhir+json.', { status: 415, code: 'media-type-not-supported' });
const malformed = (): CairnError => invalid('The body is not gzip from beginning to end.', { code: 'malformed-gzip' });
const tooLarge = (limit: number): CairnError => invalid(`The body is over ${limit} bytes.`, { status: 413, code: 'too-large' });
