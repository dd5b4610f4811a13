import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import type { FastifyInstance, FastifyReply } from 'fastify';

/** Where a part of the sandbox listens: `host` is bound, `publicHost` stands in its URLs, port 0 is any free one. */
export interface Listening {
  host?: string | undefined;
  publicHost?: string | undefined;
  port?: number | undefined;
}

const BODY_LIMIT = 20 * 1024 * 1024;

/** A Fastify server that also reads HTML forms, and cuts open connections when it is closed. */
export function createHttpServer(): FastifyInstance {
  const app = Fastify({ bodyLimit: BODY_LIMIT, forceCloseConnections: true, routerOptions: { maxParamLength: 500 } });
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    done(null, Object.fromEntries(new URLSearchParams(String(body))));
  });
  return app;
}

/** Starts listening and returns the server's base URL, without a slash at the end. */
export async function listen(app: FastifyInstance, { host = '127.0.0.1', publicHost = host, port = 0 }: Listening): Promise<string> {
  await app.listen({ host, port });
  const address = app.server.address() as AddressInfo;
  return `http://${publicHost}:${address.port}`;
}

/** Sends a page. */
export function sendPage(reply: FastifyReply, markup: string): FastifyReply {
  return reply.type('text/html; charset=utf-8').send(markup);
}
