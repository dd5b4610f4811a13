import type { IncomingMessage } from 'node:http';
import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { invalid, newId } from '@cairn/kernel';
import { CONFIG, type Config } from '../config/config.js';
import { Transactions } from '../database/tx.js';
import { LOGGER, type Logger } from '../logging/logger.js';
import { NestLogger } from '../logging/nest-logger.js';
import { Metrics } from '../metrics/metrics.js';
import { registerAccessLog } from './access-log.js';
import { registerBodyParsers } from './body-parsers.js';
import { ErrorFilter } from './error.filter.js';
import { recordRefusal } from './refused-requests.js';
import { schemaValidation } from './validation.js';

const CORRELATION_ID = /^[\w.:-]{8,64}$/;

/** How many bytes a request's line and headers may have together. */
const MAX_HEADER_BYTES = 64 * 1024;

/**
 * Builds the HTTP application around a root module: Fastify, body parsers, validation, errors, access log, correlation ids (taken from
 * `x-correlation-id` when it is well-formed, and always answered). It does not listen yet.
 */
export async function createHttpServer(module: Type | object, logger: Logger): Promise<NestFastifyApplication> {
  const errors = new ErrorFilter(logger, (request, error) => recordRefusal(app.get(Transactions), request, error));
  const adapter = new FastifyAdapter({
    // A URL that can't be decoded meets no route, and so no filter.
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      reply.header('x-correlation-id', request.id);
      errors.answer(error.code === 'FST_ERR_BAD_URL' ? invalid('The URL has a "%" that does not stand for a character.', { code: 'bad-url' }) : error, request, reply);
    },
    genReqId: (request: IncomingMessage) => {
      const given = request.headers['x-correlation-id'];
      return typeof given === 'string' && CORRELATION_ID.test(given) ? given : newId();
    },
    // A search by GET may list as many ids as a search may: beyond that its reader says what is too much, and not the web server, which can't say it in FHIR.
    http: { maxHeaderSize: MAX_HEADER_BYTES },
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 256 },
    forceCloseConnections: 'idle',
  });
  const app: NestFastifyApplication = await NestFactory.create<NestFastifyApplication>(module as Type, adapter, { bodyParser: false, logger: new NestLogger(logger), abortOnError: false });
  const fastify = adapter.getInstance();
  registerBodyParsers(fastify, app.get<Config>(CONFIG));
  registerAccessLog(fastify, app.get<Logger>(LOGGER), app.get(Metrics));
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.header('x-correlation-id', request.id);
    reply.header('x-content-type-options', 'nosniff');
    done();
  });
  app.useGlobalFilters(errors);
  app.useGlobalPipes(schemaValidation());
  return app;
}
