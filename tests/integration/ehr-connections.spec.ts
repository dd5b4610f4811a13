import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EhrChecks, EhrConnections, registerClient, type CheckReport, type ClientWish, type ConnectionView, type DeliveryHistory, type DeliveryView, type Page } from '@cairn/ehr';
import { TokenService } from '@cairn/platform';
import type { Observation } from '@medplum/fhirtypes';
import { exportJWK, generateKeyPair, type CryptoKey } from 'jose';
import { atHospital, nameAtHospital, startEhrLink, type EhrLink } from '../support/ehr-link.js';
import { eventually } from '../support/eventually.js';

const PEG = (patientId: string): Observation => ({
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'PEG total' },
  subject: { reference: `Patient/${patientId}` },
  valueQuantity: { value: 5.7, unit: '{score}' },
});

const READ_ONLY = 'system/*.rs';
const GATEWAY_KEY = 'a-key-that-only-the-gateway-may-see';

describe('the link to an EHR, as hospital IT sees it', () => {
  let link: EhrLink;
  let path: string;
  let hospitalIt: string;
  beforeAll(async () => {
    link = await startEhrLink({ wish: { scopes: READ_ONLY, gateway: { header: 'X-Api-Key', key: GATEWAY_KEY } } });
    path = `/api/v1/ehr/connections/${link.connectionId}`;
    hospitalIt = await link.app.as('hospital-it');
  });
  afterAll(() => link.stop());

  const get = async <T>(at: string, status = 200): Promise<T> => (await link.app.request.get(at).set('authorization', hospitalIt).expect(status)).body as T;

  it('is not for those who work with patients', async () => {
    for (const role of ['coordinator', 'clinician', 'conference-lead', 'auditor'] as const) {
      const other = await link.app.as(role);
      await link.app.request.get('/api/v1/ehr/connections').set('authorization', other).expect(403);
      await link.app.request.post(`${path}/replay`).set('authorization', other).send({ reason: 'none' }).expect(403);
    }
    await link.app.request.get('/api/v1/ehr/connections').expect(401);
    await link.app.request.get('/api/v1/ehr/connections').set('authorization', await link.app.asSystem('system/*.cruds', { connectionId: link.connectionId })).expect(403);
    await link.app.request.get(`/api/v1/ehr/untold?patient=${link.patientId}`).set('authorization', hospitalIt).expect(403);
  });

  it('shows what could not be told, and how to mend it, but nothing of the patient', async () => {
    const id = await link.write(PEG(link.patientId));
    expect(await link.settled('Observation', id)).toMatchObject([{ state: 'dead', problem: 'forbidden-there' }]);
    const list = await get<Page<DeliveryView>>(`${path}/deliveries?state=dead`);
    expect(list.items[0]).toMatchObject({
      resource: `Observation/${id}`,
      state: 'dead',
      correlationId: 'test-correlation',
      problem: { code: 'forbidden-there', httpStatus: 403, says: expect.stringContaining('does not let Cairn'), mend: expect.stringContaining('scope') },
      availableActions: ['replay', 'dismiss'],
    });
    const one = await get<DeliveryHistory>(`${path}/deliveries/${list.items[0]?.id}`);
    expect(one.steps.map(({ event, to }) => `${event}: ${to}`)).toEqual(['claim: sending', 'give-up: dead']);
    expect(await get(`${path}/untold`)).toMatchObject({ items: expect.arrayContaining([expect.objectContaining({ type: 'Observation', code: 'forbidden-there', count: 1 })]) });
    const connections = await get<{ items: ConnectionView[] }>('/api/v1/ehr/connections');
    // Without times of day, in which the score may stand by chance.
    const seen = JSON.stringify([list, one, connections]).replace(/T[\d:.]+Z/g, '');
    for (const secret of [link.patientId, await nameAtHospital(link), 'PEG', '5.7', GATEWAY_KEY]) expect(seen).not.toContain(secret);
    expect(connections.items).toMatchObject([{ name: 'Sandbox hospital', dialect: 'bser-stu2', taskHost: 'cairn', gatewayHeader: 'X-Api-Key', told: { Task: 'Task', CarePlan: 'CarePlan' } }]);
  });

  it('keeps the gateway’s key sealed', async () => {
    const [row] = await link.sql<{ sealed_gateway_key: string }>('select sealed_gateway_key from ehr_connection');
    expect(row?.sealed_gateway_key).toMatch(/^test\./);
    expect(row?.sealed_gateway_key).not.toContain(GATEWAY_KEY);
  });

  it('sends everything again once the scope is there', async () => {
    await link.app.get(EhrConnections).put(link.app.scope('hospital-it'), { name: 'Sandbox hospital', baseUrl: link.hospital.fhirUrl, clientId: 'cairn', scopes: 'system/*.cruds', gateway: null });
    const dead = await link.deliveries(`state = 'dead'`);
    expect(dead.length).toBeGreaterThan(0);
    const answer = await link.app.request.post(`${path}/replay`).set('authorization', hospitalIt).send({ reason: 'Scope added at the EHR', problem: 'forbidden-there' }).expect(200);
    expect(answer.body).toEqual({ replayed: dead.length });
    await eventually('that nothing is dead or waiting', async () => (await link.deliveries(`state not in ('delivered', 'fallback')`)).length === 0);
    expect(await atHospital<Observation>(link, 'Observation')).toEqual(expect.arrayContaining([expect.objectContaining({ code: { text: 'PEG total' } })]));
  });

  it('can be paused, and goes on where it waited', async () => {
    await link.app.request.post(`${path}/pause`).set('authorization', hospitalIt).expect(204);
    const id = await link.write(PEG(link.patientId));
    await eventually('the waiting delivery', async () => (await link.deliveries(`resource_id = '${id}' and state = 'pending'`)).length === 1);
    expect(await get(path)).toMatchObject({ state: 'paused', deliveries: { pending: 1 } });
    await link.app.request.delete(`${path}/pause`).set('authorization', hospitalIt).expect(204);
    expect(await link.settled('Observation', id)).toMatchObject([{ state: 'delivered' }]);
    expect(await get(path)).toMatchObject({ state: 'active', circuit: { state: 'closed', failures: 0 }, lastSuccessAt: expect.any(String) });
  });

  it('refuses what is not sensible, naming the field', async () => {
    expect(await get(`${path}/deliveries?state=lost`, 400)).toMatchObject({ errors: [{ field: 'state' }] });
    expect(await get(`${path}/deliveries?limit=1000`, 400)).toMatchObject({ errors: [{ field: 'limit' }] });
    await get('/api/v1/ehr/connections/none', 400);
    await get('/api/v1/ehr/connections/01a20314-95a0-70c7-a54d-84a658085344', 404);
    const [told] = await link.deliveries(`state = 'delivered'`);
    await link.app.request.post(`${path}/deliveries/${told?.id}/replay`).set('authorization', hospitalIt).send({}).expect(400);
    await link.app.request.post(`${path}/deliveries/${told?.id}/replay`).set('authorization', hospitalIt).send({ reason: 'Once more' }).expect(409);
  });

  it('does not exist for another clinic', async () => {
    const [clinic] = await link.sql<{ id: string }>(`insert into clinic (id, slug, name, zone) values (gen_random_uuid(), 'other', 'Other Clinic', 'Europe/Madrid') returning id`);
    const token = await link.app.get(TokenService).issueDemo(clinic?.id ?? '', { kind: 'person', id: 'stranger', name: 'Stranger', roles: ['hospital-it', 'clinician'] });
    const authorization = `Bearer ${token.access_token}`;
    const [delivery] = await link.deliveries();
    for (const there of [path, `${path}/deliveries`, `${path}/deliveries/${delivery?.id}`, `${path}/untold`, `${path}/checks`]) await link.app.request.get(there).set('authorization', authorization).expect(404);
    for (const there of [`${path}/pause`, `${path}/checks`]) await link.app.request.post(there).set('authorization', authorization).send({}).expect(404);
    for (const there of [`${path}/replay`, `${path}/deliveries/${delivery?.id}/replay`, `${path}/deliveries/${delivery?.id}/dismissal`]) await link.app.request.post(there).set('authorization', authorization).send({ reason: 'curious' }).expect(404);
    await link.app.request.get('/api/v1/ehr/connections').set('authorization', authorization).expect(200, { items: [] });
    await link.app.request.get(`/api/v1/ehr/untold?patient=${link.patientId}`).set('authorization', authorization).expect(200, { items: [] });
  });

  it('is described well, or refused', async () => {
    const put = (wish: object) => link.app.get(EhrConnections).put(link.app.scope('hospital-it'), { name: 'Another', baseUrl: 'https://ehr.example.org/fhir', clientId: 'cairn', ...wish });
    const fields = (...paths: string[]) => expect.objectContaining({ kind: 'invalid', issues: paths.map((one) => ({ path: one, message: expect.any(String) })) });
    await expect(put({ name: ' ' })).rejects.toEqual(fields('name'));
    await expect(put({ clientId: '' })).rejects.toEqual(fields('clientId'));
    await expect(put({ scopes: 'system/Task.cruds patient/Task.read' })).rejects.toEqual(fields('scopes'));
    await expect(put({ gateway: { header: 'Authorization', key: 'k' } })).rejects.toEqual(fields('gateway.header'));
    await expect(put({ gateway: { header: 'X-Key', key: 'two words' } })).rejects.toEqual(fields('gateway.key'));
    await expect(put({ baseUrl: 'ftp://ehr.example.org' })).rejects.toEqual(fields('baseUrl'));
    await expect(put({ baseUrl: 'https://ehr.example.org/fhir?tenant=1' })).rejects.toEqual(fields('baseUrl'));
  });
});

describe('the self-test of a connection', () => {
  let link: EhrLink;
  beforeAll(async () => {
    link = await startEhrLink({ worker: false });
  });
  afterAll(() => link.stop());

  const outcomes = ({ steps }: Pick<CheckReport, 'steps'>): Record<string, string> => Object.fromEntries(steps.map(({ step, outcome }) => [step, outcome]));
  const check = async (): Promise<CheckReport> => {
    const answer = await link.app.request.post(`/api/v1/ehr/connections/${link.connectionId}/checks`).set('authorization', await link.app.as('hospital-it')).send({ write: true }).expect(201);
    return answer.body as CheckReport;
  };

  it('passes against an EHR that does all, and leaves nothing behind', async () => {
    const before = link.hospital.changes.all().length;
    const report = await check();
    expect(outcomes(report)).toEqual({
      capabilities: 'passed', clocks: 'passed', discovery: 'passed', token: 'passed', scopes: 'passed', search: 'passed',
      'conditional create': 'passed', read: 'passed', 'round trip': 'warning', 'guarded update': 'passed', 'tidy up': 'passed',
    });
    expect(report.passed).toBe(true);
    expect(report.steps.find(({ step }) => step === 'round trip')?.found).toContain('1.10 became 1.1');
    expect(link.hospital.changes.all().length).toBeGreaterThan(before);
    expect((await atHospital(link, 'Communication')).filter((one) => JSON.stringify(one).includes('urn:cairn:check'))).toEqual([]);
    const listed = await link.app.request.get(`/api/v1/ehr/connections/${link.connectionId}/checks`).set('authorization', await link.app.as('hospital-it')).expect(200);
    expect(listed.body).toEqual({ items: [report] });
  });

  it('touches nothing at the EHR when asked not to write', async () => {
    const before = link.hospital.changes.all().length;
    const report = await link.app.get(EhrChecks).run(link.app.scope('hospital-it'), 'Sandbox hospital', { write: false });
    expect(outcomes(report)).toMatchObject({ search: 'passed', write: 'skipped' });
    expect(link.hospital.changes.all()).toHaveLength(before);
  });

  it('says what an EHR can’t be told directly', async () => {
    link.hospital.profile = 'millennium';
    const report = await check();
    link.hospital.profile = 'full';
    expect(report.passed).toBe(true);
    expect(outcomes(report)).toMatchObject({ 'tell Task': 'warning', 'tell CarePlan': 'warning', 'tell Goal': 'warning' });
    expect(report.steps.find(({ step }) => step === 'tell Task')?.found).toContain('Communication');
  });

  it('names what is wrong with the token, and how to mend it', async () => {
    link.hospital.register({ clientId: 'cairn', jwksUrl: `${link.hospital.url}/jwks.json`, scope: 'system/*.cruds' });
    const report = await check();
    link.hospital.connect({ url: link.app.url, clientId: 'sandbox-hospital' });
    expect(report.passed).toBe(false);
    expect(outcomes(report)).toEqual({ capabilities: 'passed', clocks: 'passed', discovery: 'passed', token: 'failed', exchange: 'skipped' });
    expect(report.steps.find(({ step }) => step === 'token')).toMatchObject({ found: expect.stringContaining('invalid_client'), mend: expect.stringContaining('/.well-known/jwks.json') });
  });

  it('names scopes that are missing', async () => {
    link.hospital.register({ clientId: 'cairn', jwksUrl: `${link.app.url}/.well-known/jwks.json`, scope: 'system/*.rs' });
    await link.app.get(EhrConnections).put(link.app.scope('hospital-it'), { name: 'Sandbox hospital', baseUrl: link.hospital.fhirUrl, clientId: 'cairn', scopes: 'system/*.rs' });
    const report = await check();
    link.hospital.connect({ url: link.app.url, clientId: 'sandbox-hospital' });
    await link.app.get(EhrConnections).put(link.app.scope('hospital-it'), { name: 'Sandbox hospital', baseUrl: link.hospital.fhirUrl, clientId: 'cairn', scopes: 'system/*.cruds' });
    expect(outcomes(report)).toMatchObject({ scopes: 'failed', 'conditional create': 'failed' });
    expect(report.steps.find(({ step }) => step === 'scopes')?.found).toContain('system/Task.crus');
  });

  it('tells an EHR that is down from one that is no EHR', async () => {
    link.hospital.faults.set({ mode: 'down' });
    const down = await check();
    link.hospital.faults.clear();
    expect(outcomes(down)).toEqual({ capabilities: 'failed', clocks: 'failed', discovery: 'failed', token: 'failed', exchange: 'skipped' });
    const page = createServer((_request, response) => void response.end('<html>A home page</html>'));
    await new Promise<void>((ready) => page.listen(0, '127.0.0.1', ready));
    const baseUrl = `http://127.0.0.1:${(page.address() as AddressInfo).port}`;
    const id = await link.app.get(EhrConnections).put(link.app.scope('hospital-it'), { name: 'A web page', baseUrl, clientId: 'cairn' });
    const report = await link.app.get(EhrChecks).run(link.app.scope('hospital-it'), id, { write: true });
    page.closeAllConnections();
    await new Promise((closed) => page.close(closed));
    expect(report.steps.find(({ step }) => step === 'capabilities')).toMatchObject({ outcome: 'failed', mend: expect.stringContaining('base URL') });
    expect(report.steps.find(({ step }) => step === 'discovery')).toMatchObject({ outcome: 'failed' });
  });

  it('finds a Task host that lets nobody host', async () => {
    link.hospital.profile = 'millennium';
    await link.app.get(EhrConnections).put(link.app.scope('hospital-it'), { name: 'Sandbox hospital', baseUrl: link.hospital.fhirUrl, clientId: 'cairn', taskHost: 'requester' });
    const report = await check();
    link.hospital.profile = 'full';
    expect(report.steps.find(({ step }) => step === 'task host')).toMatchObject({ outcome: 'failed', mend: expect.stringContaining('cairn') });
  });
});

describe('a hospital’s system that is registered', () => {
  let link: EhrLink;
  let wish: ClientWish;
  beforeAll(async () => {
    link = await startEhrLink({ worker: false });
    const { publicKey }: { publicKey: CryptoKey } = await generateKeyPair('ES384', { extractable: true });
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'one' }] };
    wish = { clinic: 'demo', clientId: 'second-system', name: 'Second system', sees: { connection: 'Sandbox hospital' }, keys: { jwks }, scopes: 'system/Observation.rs', allowHttp: false };
  });
  afterAll(() => link.stop());

  const register = (change: Partial<ClientWish> = {}) => registerClient(link.app.database.ownerUrl, { ...wish, ...change });
  const at = (field: string) => expect.objectContaining({ issues: [expect.objectContaining({ path: field })] });

  it('sees the patients of its connection only, unless every patient is meant', async () => {
    await register();
    expect(await link.sql('select clinic_id, connection_id, scopes from client where client_id = $1', ['second-system'])).toEqual([
      { clinic_id: link.app.clinicId, connection_id: link.connectionId, scopes: ['system/Observation.rs'] },
    ]);
    await register({ sees: 'every-patient' });
    expect(await link.sql('select connection_id from client where client_id = $1', ['second-system'])).toEqual([{ connection_id: null }]);
    await expect(register({ sees: { connection: 'No such' } })).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('shows public keys of the right kind, or is refused', async () => {
    const rsa: { publicKey: CryptoKey; privateKey: CryptoKey } = await generateKeyPair('RS384', { extractable: true });
    await register({ keys: { jwks: { keys: [{ ...(await exportJWK(rsa.publicKey)), kid: 'rsa', alg: 'RS384' }] } } });
    await expect(register({ keys: { jwks: { keys: [{ ...(await exportJWK(rsa.privateKey)), kid: 'rsa' }] } } })).rejects.toEqual(at('jwks.keys.0'));
    const small: { publicKey: CryptoKey } = await generateKeyPair('ES256', { extractable: true });
    await expect(register({ keys: { jwks: { keys: [{ ...(await exportJWK(small.publicKey)), kid: 'p256' }] } } })).rejects.toEqual(at('jwks.keys.0'));
    await expect(register({ keys: { jwks: { keys: [] } } })).rejects.toEqual(at('jwks'));
    await expect(register({ keys: { jwksUrl: 'http://hospital.example/jwks.json' } })).rejects.toEqual(at('jwksUrl'));
  });

  it('asks for scopes that exist, under an id of its own', async () => {
    await expect(register({ scopes: 'system/Observation.read launch' })).rejects.toEqual(at('scopes'));
    await expect(register({ scopes: ' ' })).rejects.toEqual(at('scopes'));
    await expect(register({ clientId: 'a b' })).rejects.toEqual(at('clientId'));
    await link.sql(`insert into clinic (id, slug, name, zone) values (gen_random_uuid(), 'other', 'Other Clinic', 'Europe/Madrid')`);
    await expect(register({ clinic: 'other', sees: 'every-patient' })).rejects.toEqual(at('clientId'));
    await expect(register({ clinic: 'nowhere' })).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('can’t be registered by the application itself', async () => {
    await expect(link.asCairn((tx) => tx.query(`insert into client (client_id, clinic_id, name, jwks_url, scopes) values ('x', $1, 'x', 'https://x', '{}')`, [link.app.clinicId]))).rejects.toMatchObject({ code: '42501' });
  });
});
