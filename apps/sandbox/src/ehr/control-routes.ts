import { OperationOutcomeError, getStatus } from '@medplum/core';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { faultControl, httpFaultSchema } from '../shared/http-faults.js';
import { CairnUnavailable } from './cairn-client.js';
import { PROFILES } from './capabilities.js';
import type { SandboxEhr } from './ehr.js';
import { Refusal } from './outcome.js';
import type { RankedPatient } from './pain-ranking.js';

const referral = z.strictObject({ patientId: z.string().optional(), priority: z.enum(['routine', 'urgent', 'asap', 'stat']).optional() });
const cairn = z.strictObject({ url: z.url(), clientId: z.string().min(1).optional(), cairnClientId: z.string().min(1).optional() });
const profile = z.strictObject({ profile: z.enum(PROFILES) });

function summary({ record: { patient }, painConditions, painSeverity }: RankedPatient): object {
  return { reference: `Patient/${patient.id}`, painConditions, painSeverity };
}

/** What tests, the demo and a curious person may ask of the hospital without a token: inspection and switches, under `/sandbox`. */
export function controlRoutes(app: FastifyInstance, ehr: SandboxEhr): void {
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof z.ZodError) return reply.code(400).send({ error: z.prettifyError(error) });
    if (error instanceof Refusal) return reply.code(error.status).send({ error: error.message });
    if (error instanceof OperationOutcomeError) return reply.code(getStatus(error.outcome)).send({ error: error.message });
    if (error instanceof CairnUnavailable) return reply.code(502).send({ error: error.message });
    throw error;
  });
  faultControl(app, ehr.faults, httpFaultSchema);

  app.get('/sandbox/requests', async () => ehr.requests.all());
  app.delete('/sandbox/requests', async (_request, reply) => {
    ehr.requests.clear();
    return reply.code(204).send();
  });

  app.get('/sandbox/patients', async () => {
    const { patients, rule, because } = await ehr.desk.ranking();
    return { rule, because, patients: patients.map(summary), admission: ehr.admission };
  });

  app.post('/sandbox/referrals', async (request, reply) => {
    const { order, answer, bundle } = await ehr.refer(referral.parse(request.body ?? {}));
    return reply.code(201).send({ order: `ServiceRequest/${order.id}`, patient: order.subject.reference, entries: bundle.entry?.length, answer });
  });
  app.post<{ Params: { id: string } }>('/sandbox/referrals/:id/resend', async (request) => {
    const { order, answer } = await ehr.resend(request.params.id);
    return { order: `ServiceRequest/${order.id}`, answer };
  });

  app.put('/sandbox/cairn', async (request) => {
    const address = cairn.parse(request.body);
    ehr.connect(address);
    return address;
  });

  app.get('/sandbox/profile', async () => ({ profile: ehr.profile }));
  app.put('/sandbox/profile', async (request) => {
    ehr.profile = profile.parse(request.body).profile;
    return { profile: ehr.profile };
  });

  // The hospital's own eyes: any read or search, for example /sandbox/records/Task?identifier=…
  app.get('/sandbox/records/*', async (request, reply) => {
    const path = request.url.slice('/sandbox/records'.length);
    const { status, resource } = await ehr.service.handle({ method: 'GET', path, headers: {}, body: undefined });
    return reply.code(status).send(resource);
  });
}
