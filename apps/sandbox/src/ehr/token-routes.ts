import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { SigningKey } from '../shared/signing-key.js';
import { TokenRefusal } from './token-service.js';
import type { TokenService } from './token-service.js';

const form = z.record(z.string(), z.string());

/** The hospital's token endpoint and published keys. */
export function tokenRoutes(app: FastifyInstance, tokens: TokenService, key: SigningKey): void {
  app.get('/jwks.json', async () => ({ keys: [key.publicJwk] }));

  app.post('/oauth/token', async (request, reply) => {
    reply.header('Cache-Control', 'no-store');
    const fields = form.safeParse(request.body);
    try {
      if (!fields.success) throw new TokenRefusal('invalid_request', 'Send the fields as application/x-www-form-urlencoded');
      return await tokens.issue(fields.data);
    } catch (error) {
      if (!(error instanceof TokenRefusal)) throw error;
      return reply.code(error.status).send({ error: error.error, error_description: error.message });
    }
  });
}
