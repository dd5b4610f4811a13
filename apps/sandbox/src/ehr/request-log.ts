import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Feed } from '../shared/feed.js';

/** One request that somebody made of the hospital: no tokens, no bodies. */
export interface LoggedRequest {
  at: string;
  method: string;
  path: string;
  /** The answer's status; `cut` when the connection ended without one. */
  status: number | 'cut';
  /** Whose token it was; none for open endpoints and refused tokens. */
  clientId: string | undefined;
}

/** Logs every request of this Fastify scope when it ends. Returns how to tell the log whose token a request carried. */
export function logRequests(scope: FastifyInstance, log: Feed<LoggedRequest>): (request: FastifyRequest, clientId: string) => void {
  const clients = new WeakMap<FastifyRequest, string>();
  scope.addHook('onRequest', async (request, reply) => {
    const at = new Date().toISOString();
    reply.raw.once('close', () => {
      const status = reply.raw.writableFinished ? reply.raw.statusCode : 'cut';
      log.add({ at, method: request.method, path: request.url, status, clientId: clients.get(request) });
    });
  });
  return (request, clientId) => void clients.set(request, clientId);
}
