import { PassThrough } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CairnError, invalid } from '@cairn/kernel';
import type { FastifyInstance, FastifyRequest, RequestPayload } from 'fastify';

/**
 * Bounds bodies on /fhir, and lets them come gzipped: what they inflate to is bound like any other body, and inflating stops there, so that a
 * small body can't become a large one. Other encodings, and any elsewhere, are refused with 415.
 *
 * What is refused with 413 is read to its end all the same and thrown away: a sender who is still writing when the connection closes never
 * hears why.
 */
export function registerFhirBodies(fastify: FastifyInstance, limit: number): void {
  fastify.addHook('preParsing', (request, _reply, payload, done) => {
    const encoding = request.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
    if (encoding !== 'identity' && (encoding !== 'gzip' || !isFhir(request))) return done(unknownEncoding());
    const length = request.headers['content-length'];
    if (!isFhir(request) || (encoding === 'identity' && length !== undefined && Number(length) <= limit)) return done(null, payload);
    if (Number(length) > limit) return discard(payload, limit, () => done(tooLarge(limit)));
    done(null, bounded(payload, limit, encoding === 'gzip'));
  });
}

const isFhir = ({ url }: FastifyRequest): boolean => url.startsWith('/fhir');

/** The body, inflated where it is gzipped, up to the limit; then it ends in a refusal. */
function bounded(payload: RequestPayload, limit: number, isGzip: boolean): RequestPayload {
  const result: PassThrough & { receivedEncodedLength?: number } = new PassThrough();
  const plain = isGzip ? createGunzip() : new PassThrough();
  let sent = 0;
  let received = 0;
  let stopped = false;
  const stop = (error: CairnError): void => {
    if (stopped) return;
    stopped = true;
    payload.unpipe(plain);
    plain.destroy();
    discard(payload, limit, () => result.destroy(error));
  };
  payload.on('data', (chunk: Buffer) => {
    sent += chunk.length;
    result.receivedEncodedLength = sent;
  });
  payload.on('error', () => stop(malformed()));
  plain.on('error', () => stop(malformed()));
  plain.on('data', (chunk: Buffer) => {
    received += chunk.length;
    if (received > limit) stop(tooLarge(limit));
    else if (!result.write(chunk)) plain.pause();
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
const malformed = (): CairnError => invalid('The body is not gzip from beginning to end.', { code: 'malformed-gzip' });
const tooLarge = (limit: number): CairnError => invalid(`The body is over ${limit} bytes.`, { status: 413, code: 'too-large' });
