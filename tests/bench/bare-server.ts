import Fastify from 'fastify';
import pg from 'pg';

/**
 * The bare limit: the same web server and the same driver on the same database, one prepared statement a request, and no logic at all. Each
 * statement is told by the bench, which starts this as a process of its own.
 */
export interface BareRoute {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly name: string;
  readonly text: string;
  /** Parameters that stand before those of the request (path or query values in order; for a PUT also the body; for a POST a fresh id and the body). */
  readonly values: readonly unknown[];
}

export interface BareOrders {
  readonly databaseUrl: string;
  readonly poolSize: number;
  readonly routes: readonly BareRoute[];
}

process.once('message', (orders: BareOrders) => {
  void serve(orders);
});
process.on('disconnect', () => process.exit(0));

async function serve({ databaseUrl, poolSize, routes }: BareOrders): Promise<void> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: poolSize });
  const app = Fastify({ bodyLimit: 64 * 1024 * 1024 });
  app.addContentTypeParser('application/fhir+json', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  for (const { method, path, name, text, values } of routes) {
    app.route({
      method,
      url: path,
      handler: async (request, reply) => {
        const asked = [request.params, request.query].flatMap((named) => Object.values(named as Record<string, unknown>));
        const own = method === 'GET' ? asked : method === 'PUT' ? [...asked, request.body] : [crypto.randomUUID(), request.body];
        const { rows } = await pool.query<{ body: string }>({ name, text, values: [...values, ...own] });
        return reply.type('application/fhir+json').send(rows.length === 1 ? rows[0]?.body : `[${rows.map((each) => each.body).join(',')}]`);
      },
    });
  }
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  process.send?.({ url });
}
