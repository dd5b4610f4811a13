import { timingSafeEqual } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { SmsGateway } from './gateway.js';

const number = z.string().regex(/^\+[1-9]\d{6,14}$/, 'must be a number in E.164, for example +12025550143');
const order = z.object({
  to: number,
  from: z.string().min(1).max(20),
  body: z.string().min(1).max(1_600),
  callbackUrl: z.url().optional(),
  reference: z.string().max(200).optional(),
});
const reply = z.strictObject({ body: z.string().min(1).max(1_600) });
const behaviour = z.strictObject({
  outcome: z.enum(['delivered', 'undelivered', 'silent']).optional(),
  duplicateCallbacks: z.boolean().optional(),
  callbacksOutOfOrder: z.boolean().optional(),
  honoursIdempotency: z.boolean().optional(),
});
const inbound = z.strictObject({ url: z.url() });

function refuseBadInput(app: FastifyInstance): void {
  app.setErrorHandler((error, _request, answer) => {
    if (error instanceof z.ZodError) return answer.code(400).send({ error: z.prettifyError(error) });
    throw error;
  });
}

/** What the gateway's customer uses: one endpoint that takes a message. */
export function messageRoutes(app: FastifyInstance, gateway: SmsGateway): void {
  refuseBadInput(app);
  app.post('/messages', async (request, answer) => {
    if (!isBearer(request.headers.authorization, gateway.token)) {
      return answer.code(401).header('WWW-Authenticate', 'Bearer').send({ error: 'The bearer token is not that of a customer of this gateway' });
    }
    const key = request.headers['idempotency-key'];
    const { message, replayed } = gateway.accept(order.parse(request.body), typeof key === 'string' ? key : undefined);
    if (replayed) answer.header('Idempotent-Replayed', 'true');
    return answer.code(202).send({ id: message.id });
  });
}

/** Inspection and switches, without a token. */
export function controlRoutes(app: FastifyInstance, gateway: SmsGateway): void {
  refuseBadInput(app);

  app.get<{ Querystring: { phone?: string } }>('/messages', async (request) => (request.query.phone ? gateway.phone(request.query.phone) : gateway.messages.all()));
  app.delete('/messages', async (_request, answer) => {
    gateway.messages.clear();
    return answer.code(204).send();
  });
  app.get('/sandbox/callbacks', async () => gateway.webhooks.attempts.all());

  app.post<{ Params: { number: string } }>('/phones/:number/replies', async (request, answer) => {
    const { body } = reply.parse(request.body);
    try {
      const { message, taken } = await gateway.reply(number.parse(request.params.number), body);
      return await answer.code(taken ? 201 : 502).send({ id: message.id, taken });
    } catch (error) {
      if (error instanceof z.ZodError || !(error instanceof Error)) throw error;
      return answer.code(409).send({ error: error.message });
    }
  });

  app.get('/sandbox/behaviour', async () => ({ ...gateway.behaviour, honoursIdempotency: gateway.honoursIdempotency }));
  app.put('/sandbox/behaviour', async (request) => {
    const { honoursIdempotency = gateway.honoursIdempotency, ...others } = behaviour.parse(request.body);
    gateway.honoursIdempotency = honoursIdempotency;
    Object.assign(gateway.behaviour, others);
    return { ...gateway.behaviour, honoursIdempotency };
  });

  app.put('/sandbox/inbound', async (request) => {
    gateway.inboundUrl = inbound.parse(request.body).url;
    return { url: gateway.inboundUrl };
  });
}

function isBearer(authorization: string | undefined, token: string): boolean {
  const sent = Buffer.from(authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return sent.length === wanted.length && timingSafeEqual(sent, wanted);
}
