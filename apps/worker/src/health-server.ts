import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { INestApplicationContext } from '@nestjs/common';
import { HealthController, edgeError } from '@cairn/platform';

/**
 * Answers `/health/live`, `/health/ready` and `/metrics` for a worker, with what the API answers for itself, so that the machinery around
 * it can see it. Nothing else is served: other paths are 404.
 */
export async function serveHealth(worker: INestApplicationContext, host: string, port: number): Promise<Server> {
  const health = worker.get(HealthController);
  const answers: Record<string, () => unknown> = {
    '/health/live': () => health.live(),
    '/health/ready': () => health.ready(),
    '/metrics': () => health.text(),
  };
  const server = createServer((request, response) => {
    const answer = answers[request.url ?? ''];
    if (!answer) {
      response.writeHead(404).end();
      return;
    }
    Promise.resolve(answer()).then(
      (body) => {
        if (typeof body === 'string') response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(body);
        else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      },
      (error: unknown) => response.writeHead(edgeError(error).status).end(),
    );
  });
  server.listen(port, host);
  await once(server, 'listening');
  return server;
}
