import type { FastifyInstance } from 'fastify';
import type { Logger } from '../logging/logger.js';
import type { Metrics } from '../metrics/metrics.js';

const QUIET = /^\/(health|metrics)/;

/** Logs and counts each answered request by its route pattern: the path itself may hold a patient's id, and the query a name. */
export function registerAccessLog(fastify: FastifyInstance, logger: Logger, metrics: Metrics): void {
  fastify.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? '(none)';
    const milliseconds = Math.round(reply.elapsedTime * 10) / 10;
    metrics.requests.observe({ method: request.method, route, status: String(reply.statusCode) }, reply.elapsedTime / 1000);
    if (!QUIET.test(route)) {
      logger.info({ event: 'request', correlationId: request.id, method: request.method, route, status: reply.statusCode, milliseconds });
    }
    done();
  });
}
