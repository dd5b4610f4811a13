import { OperationOutcomeError, getStatus } from '@medplum/core';
import type { Bundle, Resource } from '@medplum/fhirtypes';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { capabilityStatement } from './capabilities.js';
import type { Profile } from './capabilities.js';
import type { FhirAnswer, FhirService } from './fhir-service.js';
import { Refusal, operationOutcome } from './outcome.js';
import type { Access, TokenService } from './token-service.js';

/** What the FHIR routes need of the hospital around them. */
export interface FhirRoutes {
  service: FhirService;
  tokens: TokenService;
  profile: () => Profile;
  baseUrl: () => string;
  /** Told who a request spoke for, once that is known. */
  identified: (request: FastifyRequest, access: Access) => void;
}

const FHIR_JSON = 'application/fhir+json';

function answer(reply: FastifyReply, status: number, resource: Resource): FastifyReply {
  return reply.code(status).type(`${FHIR_JSON}; charset=utf-8`).send(JSON.stringify(resource));
}

/** The FHIR REST API under `/fhir`. Discovery is open, everything else needs a bearer token. */
export function fhirRoutes(app: FastifyInstance, { service, tokens, profile, baseUrl, identified }: FhirRoutes): void {
  for (const type of [FHIR_JSON, 'application/json-patch+json']) app.addContentTypeParser(type, { parseAs: 'string' }, app.getDefaultJsonParser('error', 'error'));

  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof Refusal) {
      if (error.status === 401) reply.header('WWW-Authenticate', 'Bearer');
      return answer(reply, error.status, error.outcome);
    }
    if (error instanceof OperationOutcomeError) return answer(reply, getStatus(error.outcome), error.outcome);
    const { status, message } = transportError(error);
    return answer(reply, status, operationOutcome(status < 500 ? 'invalid' : 'exception', message));
  });

  app.get('/fhir/metadata', async (_request, reply) => answer(reply, 200, capabilityStatement(baseUrl(), profile())));

  app.get('/fhir/.well-known/smart-configuration', async () => ({
    issuer: baseUrl(),
    jwks_uri: `${baseUrl()}/jwks.json`,
    token_endpoint: `${baseUrl()}/oauth/token`,
    token_endpoint_auth_methods_supported: ['private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: ['RS384', 'ES384'],
    grant_types_supported: ['client_credentials'],
    scopes_supported: ['system/*.cruds', 'system/*.read', 'system/*.write'],
    capabilities: ['client-confidential-asymmetric', 'permission-v1', 'permission-v2'],
  }));

  const handle = async (request: FastifyRequest, reply: FastifyReply) => {
    const access = await tokens.verify(request.headers.authorization);
    identified(request, access);
    const call = { method: request.method, path: request.url.slice('/fhir'.length), headers: request.headers, body: request.body };
    return send(request, reply, await service.handle(call, access.scopes), `${baseUrl()}/fhir`);
  };
  app.all('/fhir', handle);
  app.all('/fhir/*', handle);
}

function transportError(error: unknown): { status: number; message: string } {
  const status = error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500;
  return { status, message: status < 500 && error instanceof Error ? error.message : 'The hospital failed to answer' };
}

function send(request: FastifyRequest, reply: FastifyReply, { status, resource }: FhirAnswer, base: string): FastifyReply {
  if (!resource) return reply.code(status).send();
  const { id, meta, resourceType } = resource;
  if (status < 300 && id && meta?.versionId) {
    reply.header('ETag', `W/"${meta.versionId}"`);
    if (meta.lastUpdated) reply.header('Last-Modified', new Date(meta.lastUpdated).toUTCString());
    if (status === 201) reply.header('Location', `${base}/${resourceType}/${id}/_history/${meta.versionId}`);
    if (request.method !== 'GET' && /return=minimal/.test(String(request.headers.prefer))) return reply.code(status).send();
  }
  const isSearch = resourceType === 'Bundle' && resource.type === 'searchset';
  return answer(reply, status, isSearch ? withLinks(resource, request, base) : resource);
}

/** Adds to a search result what a client pages by: full URLs, and the links self and next. */
function withLinks(bundle: Bundle, request: FastifyRequest, base: string): Bundle {
  const self = new URL(base + request.url.slice('/fhir'.length));
  const entry = bundle.entry?.map((one) => ({ ...one, fullUrl: `${base}/${one.resource?.resourceType}/${one.resource?.id}` }));
  const offset = Number(self.searchParams.get('_offset') ?? 0) + (entry ?? []).filter((one) => one.search?.mode === 'match').length;
  const link = [{ relation: 'self', url: self.href }];
  if (offset < (bundle.total ?? 0) && request.method === 'GET' && offset > 0) {
    const next = new URL(self);
    next.searchParams.set('_offset', String(offset));
    link.push({ relation: 'next', url: next.href });
  }
  return { ...bundle, link, ...(entry && { entry }) };
}
