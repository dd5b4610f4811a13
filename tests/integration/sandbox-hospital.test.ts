import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle, CapabilityStatement, OperationOutcome, Task } from '@medplum/fhirtypes';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import type { CryptoKey } from 'jose';
import { startSandboxEhr } from '../../apps/sandbox/src/index.js';
import type { SandboxEhr } from '../../apps/sandbox/src/index.js';

const CLIENT = 'a-clinic';
let ehr: SandboxEhr;
let key: CryptoKey;
let token: string;

interface AssertionWishes {
  aud?: string;
  jti?: string;
  expiresIn?: number;
  iss?: string;
}

function assertion({ aud = `${ehr.url}/oauth/token`, jti = randomUUID(), expiresIn = 60, iss = CLIENT }: AssertionWishes = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  return new SignJWT({}).setProtectedHeader({ alg: 'ES384', kid: 'k1' }).setIssuer(iss).setSubject(CLIENT).setAudience(aud).setJti(jti).setExpirationTime(now + expiresIn).sign(key);
}

async function askToken(clientAssertion: string, scope = 'system/*.cruds') {
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    scope,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: clientAssertion,
  });
  const response = await fetch(`${ehr.url}/oauth/token`, { method: 'POST', body });
  return { status: response.status, body: (await response.json()) as { access_token: string; expires_in: number; scope: string; error: string; error_description: string } };
}

async function fhir<T>(method: string, path: string, body?: object, headers: Record<string, string> = {}) {
  const response = await fetch(`${ehr.fhirUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/fhir+json' }), ...headers },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: (text ? JSON.parse(text) : undefined) as T };
}

const task = (number: string, status: Task['status'] = 'received'): Task => ({
  resourceType: 'Task',
  status,
  intent: 'order',
  identifier: [{ system: 'urn:clinic:tasks', value: number }],
});

beforeAll(async () => {
  const pair = await generateKeyPair('ES384', { extractable: true });
  key = pair.privateKey;
  ehr = await startSandboxEhr({ clients: [{ clientId: CLIENT, jwks: { keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k1' }] }, scope: 'system/*.cruds' }] });
});
afterAll(() => ehr.stop());
beforeEach(async () => {
  ehr.faults.clear();
  ehr.profile = 'full';
  token = (await askToken(await assertion())).body.access_token;
});

describe('Tokens of the sandbox hospital', () => {
  it('are told where to be had, and last 300 seconds', async () => {
    const configuration = (await (await fetch(`${ehr.fhirUrl}/.well-known/smart-configuration`)).json()) as { token_endpoint: string };
    expect(configuration.token_endpoint).toBe(`${ehr.url}/oauth/token`);
    expect((await askToken(await assertion(), 'system/Task.read openid')).body).toMatchObject({ token_type: 'bearer', expires_in: 300, scope: 'system/Task.read' });
  });

  it.each<[string, AssertionWishes, string]>([
    ['another audience', { aud: 'https://other.example/token' }, 'aud must be exactly'],
    ['a life of more than five minutes', { expiresIn: 400 }, 'exp must be at most 300 seconds ahead'],
    ['an assertion that is over', { expiresIn: -60 }, 'exp'],
    ['another issuer than subject', { iss: 'somebody-else' }, 'iss and sub'],
  ])('are refused for %s', async (_case, wishes, reason) => {
    const { status, body } = await askToken(await assertion(wishes));
    expect([status, body.error]).toEqual([401, 'invalid_client']);
    expect(body.error_description).toContain(reason);
  });

  it('are refused for an assertion that was used before', async () => {
    const used = await assertion();
    expect((await askToken(used)).status).toBe(200);
    expect((await askToken(used)).body).toMatchObject({ error: 'invalid_client', error_description: 'this jti was used before' });
  });

  it('are needed for everything but discovery, and bind to their scope, also inside a Bundle', async () => {
    expect((await fetch(`${ehr.fhirUrl}/metadata`)).status).toBe(200);
    const bare = await fetch(`${ehr.fhirUrl}/Patient`);
    expect([bare.status, bare.headers.get('www-authenticate'), bare.headers.get('content-type')]).toEqual([401, 'Bearer', 'application/fhir+json; charset=utf-8']);
    token = (await askToken(await assertion(), 'system/Task.cru')).body.access_token;
    expect((await fhir<OperationOutcome>('GET', '/Patient')).status).toBe(403);
    const bundle: Bundle = { resourceType: 'Bundle', type: 'batch', entry: [{ request: { method: 'GET', url: 'Patient' } }] };
    expect((await fhir('POST', '', bundle)).status).toBe(403);
    expect((await fhir('POST', '/Task', task(randomUUID()))).status).toBe(201);
  });
});

describe('The FHIR API of the sandbox hospital', () => {
  it('answers a create with where it is, and a read with its version', async () => {
    const created = await fhir<Task>('POST', '/Task', task(randomUUID()));
    expect([created.status, created.headers.get('etag')]).toEqual([201, 'W/"1"']);
    expect(created.headers.get('location')).toBe(`${ehr.fhirUrl}/Task/${created.body.id}/_history/1`);
    expect((await fhir<Task>('GET', `/Task/${created.body.id}`)).body).toEqual(created.body);
  });

  it('creates once for the same If-None-Exist, also for many at once', async () => {
    const number = randomUUID();
    const criteria = { 'if-none-exist': `identifier=urn:clinic:tasks|${number}` };
    const answers = await Promise.all(Array.from({ length: 25 }, () => fhir<Task>('POST', '/Task', task(number), criteria)));
    expect(answers.filter((answer) => answer.status === 201)).toHaveLength(1);
    expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
    expect((await fhir<Bundle>('GET', `/Task?identifier=urn:clinic:tasks|${number}`)).body.total).toBe(1);
  });

  it('refuses a stale If-Match, what is not valid and what it cannot search by, in words', async () => {
    const { body: first } = await fhir<Task>('POST', '/Task', task(randomUUID()));
    const change = { ...first, status: 'accepted' };
    expect((await fhir('PUT', `/Task/${first.id}`, change, { 'if-match': 'W/"1"' })).status).toBe(200);
    expect((await fhir<OperationOutcome>('PUT', `/Task/${first.id}`, change, { 'if-match': 'W/"1"' })).status).toBe(412);
    const invalid = await fhir<OperationOutcome>('POST', '/Task', { resourceType: 'Task' });
    expect([invalid.status, JSON.stringify(invalid.body)]).toEqual([400, expect.stringContaining('Task.status')]);
    expect((await fhir<OperationOutcome>('GET', '/Task?colour=blue')).status).toBe(400);
    expect((await fhir<OperationOutcome>('GET', '/Nonsense')).status).toBe(404);
    const broken = await fetch(`${ehr.fhirUrl}/Task`, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' }, body: '{"resourceType":' });
    expect([broken.status, ((await broken.json()) as OperationOutcome).resourceType]).toEqual([400, 'OperationOutcome']);
  });

  it('carries a transaction out as a whole or not at all', async () => {
    const number = randomUUID();
    const entry = (resource: object) => ({ resource, request: { method: 'POST', url: 'Task' } });
    const refused = await fhir<OperationOutcome>('POST', '', { resourceType: 'Bundle', type: 'transaction', entry: [entry(task(number)), entry({ resourceType: 'Task' })] });
    expect(refused.status).toBe(400);
    expect((await fhir<Bundle>('GET', `/Task?identifier=${number}`)).body.total).toBe(0);
    const taken = await fhir<Bundle>('POST', '', { resourceType: 'Bundle', type: 'transaction', entry: [entry(task(number))] });
    expect(taken.body).toMatchObject({ type: 'transaction-response', entry: [{ response: { status: '201' } }] });
  });

  it('pages through what it finds', async () => {
    const group = randomUUID();
    for (let n = 0; n < 5; n += 1) await fhir('POST', '/Task', { ...task(randomUUID()), groupIdentifier: { value: group } });
    const seen: string[] = [];
    let next: string | undefined = `/Task?group-identifier=${group}&_count=2&_sort=_lastUpdated`;
    while (next) {
      const { body }: { body: Bundle } = await fhir<Bundle>('GET', next);
      seen.push(...(body.entry ?? []).map((one) => one.fullUrl ?? ''));
      next = body.link?.find((link) => link.relation === 'next')?.url.slice(ehr.fhirUrl.length);
    }
    expect(new Set(seen).size).toBe(5);
  });

  it('offers workflow types for reading only in the profile "millennium", and says so', async () => {
    const { body: kept } = await fhir<Task>('POST', '/Task', task(randomUUID()));
    ehr.profile = 'millennium';
    const refused = await fhir<OperationOutcome>('POST', '/Task', task(randomUUID()));
    expect([refused.status, refused.body.issue[0]?.code]).toEqual([405, 'not-supported']);
    expect((await fhir('GET', `/Task/${kept.id}`)).status).toBe(200);
    expect((await fhir('POST', '/Communication', { resourceType: 'Communication', status: 'completed' })).status).toBe(201);
    const statement = (await (await fetch(`${ehr.fhirUrl}/metadata`)).json()) as CapabilityStatement;
    const codes = (type: string) => statement.rest?.[0]?.resource?.find((one) => one.type === type)?.interaction?.map((one) => one.code);
    for (const type of ['Task', 'CarePlan', 'Goal', 'CareTeam', 'ServiceRequest']) expect(codes(type)).toEqual(['read', 'vread', 'history-instance', 'search-type']);
    expect(codes('Communication')).toContain('create');
  });
});

describe('Breaking the sandbox hospital on purpose', () => {
  it('answers 503 with Retry-After, so many times', async () => {
    ehr.faults.set({ mode: 'unavailable', retryAfterSeconds: 7, times: 1 });
    const busy = await fhir<OperationOutcome>('GET', '/Patient');
    expect([busy.status, busy.headers.get('retry-after'), busy.body.resourceType]).toEqual([503, '7', 'OperationOutcome']);
    expect((await fhir('GET', '/Patient')).status).toBe(200);
  });

  it('is down: the connection breaks and nothing is done', async () => {
    const number = randomUUID();
    ehr.faults.set({ mode: 'down' });
    await expect(fhir('POST', '/Task', task(number))).rejects.toThrow();
    ehr.faults.clear();
    expect((await fhir<Bundle>('GET', `/Task?identifier=${number}`)).body.total).toBe(0);
  });

  it('does the work and drops the answer, which shows in its log', async () => {
    const number = randomUUID();
    ehr.faults.set({ mode: 'drop', times: 1 });
    const cut = ehr.requests.waitFor((request) => request.status === 'cut' && request.clientId === CLIENT && request.path === '/fhir/Task' && request.method === 'POST');
    await expect(fhir('POST', '/Task', task(number))).rejects.toThrow();
    expect(await cut).toMatchObject({ method: 'POST', path: '/fhir/Task', clientId: CLIENT });
    expect((await fhir<Bundle>('GET', `/Task?identifier=${number}`)).body.total).toBe(1);
  });

  it('is switched over HTTP too, while everything under /sandbox goes on', async () => {
    const control = (method: string, body?: object) =>
      fetch(`${ehr.url}/sandbox/fault`, { method, ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }) });
    expect((await control('PUT', { mode: 'sideways' })).status).toBe(400);
    expect((await control('PUT', { mode: 'unavailable' })).status).toBe(200);
    expect((await fhir('GET', '/Patient')).status).toBe(503);
    expect(await (await control('GET')).json()).toMatchObject({ mode: 'unavailable' });
    expect((await control('DELETE')).status).toBe(204);
    expect((await fhir('GET', '/Patient')).status).toBe(200);
  });

  it('keeps no token and no body in its log', async () => {
    await fhir('POST', '/Task', task(randomUUID()));
    const log = await (await fetch(`${ehr.url}/sandbox/requests`)).text();
    expect(log).not.toContain(token);
    expect(Object.keys(ehr.requests.all()[0] ?? {}).toSorted()).toEqual(['at', 'clientId', 'method', 'path', 'status']);
  });
});
