import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../logging/logger.js';
import { edgeError, type EdgeError } from './edge-error.js';
import { operationOutcome } from './operation-outcome.js';
import { problem } from './problem.js';

/** Answers every error: OperationOutcome on /fhir, an OAuth error at the token endpoint, problem+json elsewhere. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(
    private readonly logger: Logger,
    /** Called before a refusal is answered, so that the audit has it by then. */
    private readonly refused: (request: FastifyRequest, error: EdgeError) => Promise<void>,
  ) {}

  async catch(thrown: unknown, host: ArgumentsHost): Promise<void> {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const answered = await this.refused(request, edgeError(thrown)).then(
      () => thrown,
      // What can't be recorded is not answered as if it were.
      (failure: unknown) => failure,
    );
    this.answer(answered, request, http.getResponse<FastifyReply>());
  }

  /** Answers an error that came up before any route was found, or in one. */
  answer(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const error = edgeError(thrown);
    if (error.status >= 500) this.logger.error({ event: 'request.failed', correlationId: request.id, error: thrown });
    if (reply.sent) return;
    if (error.retryAfter !== undefined) reply.header('retry-after', String(error.retryAfter));
    if (error.authenticate) reply.header('www-authenticate', error.authenticate);
    reply.status(error.status);
    if (request.url.startsWith('/fhir')) {
      void reply.type('application/fhir+json; charset=utf-8').send(JSON.stringify(operationOutcome(error, request.id)));
    } else if (request.url.startsWith('/oauth/')) {
      void reply.type('application/json').send(JSON.stringify({ error: error.code, error_description: error.message }));
    } else {
      void reply.type('application/problem+json; charset=utf-8').send(JSON.stringify(problem(error, request.id)));
    }
  }
}
