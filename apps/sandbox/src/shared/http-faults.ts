import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { FaultSwitch } from './fault-switch.js';

const RETRY_AFTER_SECONDS = 1;

const times = z.int().positive().optional();

/**
 * What can go wrong with an HTTP service:
 * `down` cuts the connection unread, `unavailable` answers 503 with Retry-After, `slow` answers late,
 * `drop` does the work and cuts the connection before the answer, `hang` does the work and keeps silent
 * until the caller gives up or the fault is lifted.
 */
export const httpFaultSchema = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('down'), times }),
  z.strictObject({ mode: z.literal('unavailable'), times, retryAfterSeconds: z.int().nonnegative().optional() }),
  z.strictObject({ mode: z.literal('slow'), times, delayMs: z.int().positive().max(600_000) }),
  z.strictObject({ mode: z.literal('drop'), times }),
  z.strictObject({ mode: z.literal('hang'), times }),
]);

/** A fault as it holds; `times` limits it to so many requests. */
export type HttpFault = z.infer<typeof httpFaultSchema>;

/** Makes every request of this Fastify scope meet the fault in force. `refusal` is the body of a 503. */
export function applyHttpFaults(scope: FastifyInstance, faults: FaultSwitch<HttpFault>, refusal: object): void {
  const met = new WeakMap<FastifyRequest, HttpFault>();

  scope.addHook('onRequest', async (request, reply) => {
    const fault = faults.take();
    if (!fault) return;
    met.set(request, fault);
    switch (fault.mode) {
      case 'down':
        reply.hijack();
        request.raw.socket.destroy();
        return;
      case 'unavailable':
        return reply.code(503).header('Retry-After', String(fault.retryAfterSeconds ?? RETRY_AFTER_SECONDS)).send(refusal);
      case 'slow':
        await delay(fault.delayMs);
        return;
      case 'drop':
      case 'hang':
        return;
    }
  });

  scope.addHook('onSend', async (request, _reply, payload) => {
    const mode = met.get(request)?.mode;
    const socket = request.raw.socket;
    if (mode === 'drop') socket.destroy();
    if (mode === 'hang' && !socket.destroyed) await Promise.race([faults.untilLifted(), once(socket, 'close')]);
    return payload;
  });
}

/** Adds `GET|PUT|DELETE /sandbox/fault` to a server, so that other processes can switch its faults too. */
export function faultControl<F extends { mode: string }>(app: FastifyInstance, faults: FaultSwitch<F>, schema: z.ZodType<F>): void {
  app.get('/sandbox/fault', async () => faults.current ?? { mode: 'none' });
  app.put('/sandbox/fault', async (request, reply) => {
    const asked = schema.safeParse(request.body);
    if (!asked.success) return reply.code(400).send({ error: z.prettifyError(asked.error) });
    faults.set(asked.data);
    return asked.data;
  });
  app.delete('/sandbox/fault', async (_request, reply) => {
    faults.clear();
    return reply.code(204).send();
  });
}
