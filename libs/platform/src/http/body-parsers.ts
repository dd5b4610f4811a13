import { invalid } from '@cairn/kernel';
import type { FastifyInstance } from 'fastify';
import type { Config } from '../config/config.js';
import { registerFhirBodies } from './fhir-bodies.js';

/** Media types whose bodies /fhir takes as text: FHIR JSON must not pass through `JSON.parse`, which turns 1.10 into 1.1. */
const FHIR_TYPES = ['application/fhir+json', 'application/json-patch+json'];

/** Files that people send to /api as they are. */
const UPLOAD_TYPES = ['application/pdf', 'image/png', 'image/jpeg', 'image/tiff'];

/** The escape of U+0000, which no text in PostgreSQL can hold. An even number of backslashes before it means that it is not one. */
const NUL = /(?<!\\)(?:\\\\)*\\u0000/;

/**
 * Registers how bodies are read. On /fhir they arrive as the bytes that were sent, as a Buffer, and so they do on /webhooks, where a signature
 * stands for them; elsewhere JSON is parsed and anything that would reach an object's prototype is refused.
 */
export function registerBodyParsers(fastify: FastifyInstance, config: Config): void {
  fastify.removeAllContentTypeParsers();
  registerFhirBodies(fastify, config.FHIR_BODY_LIMIT_BYTES);
  fastify.addContentTypeParser(FHIR_TYPES, { parseAs: 'buffer', bodyLimit: config.FHIR_BODY_LIMIT_BYTES }, (_request, body, done) => done(null, body));
  fastify.addContentTypeParser(UPLOAD_TYPES, { parseAs: 'buffer', bodyLimit: config.API_UPLOAD_LIMIT_BYTES }, (_request, body, done) => done(null, body));
  const parseJson = fastify.getDefaultJsonParser('error', 'error');
  fastify.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: Math.max(config.FHIR_BODY_LIMIT_BYTES, config.API_BODY_LIMIT_BYTES) },
    (request, body: Buffer, done) => {
      if (request.url.startsWith('/fhir')) return done(null, body);
      if (body.length > config.API_BODY_LIMIT_BYTES) return done(invalid(`The body is over ${config.API_BODY_LIMIT_BYTES} bytes.`, { status: 413, code: 'too-large' }));
      if (request.url.startsWith('/webhooks/')) return done(null, body);
      if (body.length === 0) return done(null, undefined);
      const text = body.toString('utf8');
      if (NUL.test(text)) return done(invalid('The body holds the character U+0000, which no text can hold.', { code: 'malformed-json', issues: [{ path: '(body)', message: 'Leave the character out.' }] }));
      void parseJson(request, text, (error, value) =>
        done(error ? invalid('The body is not valid JSON.', { code: 'malformed-json', issues: [{ path: '(body)', message: 'Send well-formed JSON.' }] }) : null, value),
      );
    },
  );
  fastify.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string', bodyLimit: 256 * 1024 }, (request, body: string, done) =>
    done(null, request.url.startsWith('/fhir') ? body : Object.fromEntries(new URLSearchParams(body))),
  );
}
