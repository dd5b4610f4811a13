import type { FastifyRequest } from 'fastify';
import { audit } from '../audit/audit.js';
import type { Transactions } from '../database/tx.js';
import type { EdgeError } from './edge-error.js';

/** A request to the REST interface that names a patient in its path or its query. */
const PATIENT = /^\/api\/v1\/(?:[^?]*\/)?patients\/([A-Za-z0-9\-.]{1,64})|[?&]patient(?:Id)?=([A-Za-z0-9\-.]{1,64})(?:&|$)/;

/** Answers that keep somebody from a record. */
const REFUSALS: readonly number[] = [403, 404];

/**
 * Records who was refused a patient's record on /api, in a transaction of its own. On /fhir the FHIR router does it, which knows more of
 * what was asked. Requests without a token have nobody to record; the access log has them.
 */
export async function recordRefusal(transactions: Transactions, request: FastifyRequest, { status }: EdgeError): Promise<void> {
  const { scope, url } = request;
  if (!scope || !REFUSALS.includes(status) || !url.startsWith('/api/')) return;
  const [, inPath, inQuery] = PATIENT.exec(url) ?? [];
  const patient = inPath ?? inQuery;
  if (patient === undefined) return;
  const route = request.routeOptions.url ?? '';
  const what = `api.${route.replace('/api/v1/', '').replaceAll('/', '.').replaceAll(/[^a-z.-]/gi, '')}`;
  await transactions.run(scope, (tx) => audit(tx, { action: request.method === 'GET' ? 'read' : 'execute', what, patients: [patient], outcome: 'refused' }));
}
