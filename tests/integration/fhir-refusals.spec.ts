import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Bundle, OperationOutcome } from '@medplum/fhirtypes';
import { startTestApp, type TestApp } from '../support/app.js';
import { FhirClient, type FhirReply } from '../support/fhir-client.js';

const LIMIT = 200_000;

describe('what /fhir refuses', () => {
  let app: TestApp;
  let client: FhirClient;

  beforeAll(async () => {
    app = await startTestApp({ environment: { FHIR_BODY_LIMIT_BYTES: String(LIMIT) } });
    client = new FhirClient(app, await app.asSystem('system/*.*'));
  });
  afterAll(() => app.stop());

  const expectRefusal = (reply: FhirReply<OperationOutcome>, status: number): void => {
    expect([reply.status, reply.body.resourceType]).toEqual([status, 'OperationOutcome']);
    expect(reply.headers.get('content-type')).toContain('application/fhir+json');
    for (const issue of reply.body.issue) {
      expect(issue).toMatchObject({ severity: 'error', code: expect.any(String) });
      expect(issue.diagnostics).toContain(reply.headers.get('x-correlation-id'));
    }
  };

  it.each<[string, string | Buffer, number]>([
    ['text that is no JSON', 'hello', 400],
    ['JSON that breaks off', '{"resourceType":"Patient"', 400],
    ['nothing', '', 400],
    ['a list', '[]', 400],
    ['a key that stands twice', '{"resourceType":"Patient","resourceType":"Patient"}', 400],
    ['U+0000', '{"resourceType":"Patient","name":[{"family":"a\\u0000b"}]}', 400],
    ['half a surrogate pair', '{"resourceType":"Patient","name":[{"family":"\\ud800"}]}', 400],
    ['a number that nothing can hold', '{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1e140000}}', 400],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 400],
    ['a thousand levels', `{"resourceType":"Basic","code":{"extension":${'[{"extension":'.repeat(500)}[]${'}]'.repeat(500)}}}`, 400],
    ['a type that is none', '{"resourceType":"Nothing"}', 400],
    ['an unknown element', '{"resourceType":"Patient","colour":"red"}', 400],
    ['a value of the wrong kind', '{"resourceType":"Patient","active":"yes"}', 400],
    ['an empty list', '{"resourceType":"Patient","name":[]}', 400],
    ['a broken invariant', '{"resourceType":"Patient","contact":[{"gender":"male"}]}', 422],
    ['a body over the limit', `{"resourceType":"Patient","name":[{"family":"${'x'.repeat(LIMIT)}"}]}`, 413],
  ])('%s', async (_what, body, status) => {
    expectRefusal(await client.post<OperationOutcome>('/Patient', body), status);
  });

  it('names element, rule and kind of value, and repeats nothing that was sent', async () => {
    const reply = await client.post<OperationOutcome>('/Patient', { resourceType: 'Patient', name: [{ family: 7 }], birthDate: 'Secretday', gender: ['x'] });
    expectRefusal(reply, 400);
    expect(reply.body.issue.map(({ expression, diagnostics }) => [expression?.[0], diagnostics])).toEqual([
      ['Patient.name[0].family', expect.stringContaining('Must be a string (string), but is a number.')],
      ['Patient.birthDate', expect.stringContaining('is not a date')],
      ['Patient.gender', expect.stringContaining('but is a list.')],
    ]);
    expect(reply.text).not.toContain('Secretday');
  });

  it.each([
    ['text/plain', 'POST', '/Patient', 415],
    ['application/xml', 'POST', '/Patient', 415],
    ['application/x-www-form-urlencoded', 'POST', '/Patient', 405],
    ['application/fhir+json', 'PATCH', '/Patient/x', 400],
  ])('a body of type %s by %s', async (type, method, path, status) => {
    expectRefusal(await client.send<OperationOutcome>(method, path, '{"resourceType":"Patient"}', { 'content-type': type }), status);
  });

  it('a search by POST whose parameters are not in a form, which would find everything', async () => {
    expectRefusal(await client.post<OperationOutcome>('/Patient/_search', { resourceType: 'Parameters' }), 415);
  });

  it('takes plain JSON too', async () => {
    expect((await client.post('/Patient', '{"resourceType":"Patient"}', { 'content-type': 'application/json; charset=utf-8' })).status).toBe(201);
  });

  it('a packed body', async () => {
    const packed = gzipSync(Buffer.from(JSON.stringify({ resourceType: 'Patient', name: [{ family: 'x'.repeat(5_000_000) }] })));
    const reply = await client.post<OperationOutcome>('/Patient', packed, { 'content-encoding': 'gzip' });
    expect(reply.status).toBeGreaterThanOrEqual(400);
    expect(reply.status).toBeLessThan(500);
  });

  it.each([
    ['GET', '/Nothing', 404],
    ['GET', '/Nothing/1', 404],
    ['GET', `/Patient/${'x'.repeat(65)}`, 400],
    ['GET', '/Patient/..%2F..%2Fetc', 400],
    ['GET', '/Patient/%00', 400],
    ['GET', '/Patient/a%20b', 400],
    ['GET', "/Patient/'or'1", 400],
    ['GET', '/Patient/%E0%A4%A', 400],
    ['GET', '/Patient/x/_history/none', 404],
    ['GET', '/Patient/x/_history/99999999999', 404],
    ['GET', '/Patient/x/_history?_count=none', 400],
    ['GET', '/Patient/x/_history?_since=soon', 400],
    ['GET', '/Patient/x/nothing', 404],
    ['GET', '/Patient/x/_history/1/2', 404],
    ['GET', '', 405],
    ['DELETE', '/Patient', 400],
    ['DELETE', '/Patient/x/_history', 405],
  ])('%s %s', async (method, path, status) => {
    expectRefusal(await client.send<OperationOutcome>(method, path), status);
  });

  it('an id or a type that differs from the URL', async () => {
    expectRefusal(await client.put<OperationOutcome>('/Patient/a', { resourceType: 'Patient', id: 'b' }), 400);
    expectRefusal(await client.put<OperationOutcome>('/Patient/a', { resourceType: 'Patient' }), 400);
    expectRefusal(await client.put<OperationOutcome>('/Patient/a', { resourceType: 'Basic', id: 'a', code: { text: 'x' } }), 400);
    expectRefusal(await client.post<OperationOutcome>('/Patient', { resourceType: 'Basic', code: { text: 'x' } }), 400);
  });

  it('whoever has no right', async () => {
    const reader = new FhirClient(app, await app.asSystem('system/Patient.read'));
    const id = await client.create({ resourceType: 'Patient' });
    expect((await reader.get(`/Patient/${id}`)).status).toBe(200);
    expect((await reader.get<Bundle>('/Patient')).body.entry?.length).toBeGreaterThan(0);
    expectRefusal(await reader.get<OperationOutcome>('/Observation'), 403);
    expectRefusal(await reader.post<OperationOutcome>('/Patient', { resourceType: 'Patient' }), 403);
    expectRefusal(await reader.put<OperationOutcome>(`/Patient/${id}`, { resourceType: 'Patient', id }), 403);
    expectRefusal(await reader.delete<OperationOutcome>(`/Patient/${id}`), 403);
    const bundle = (type: 'batch' | 'transaction'): Bundle => ({
      resourceType: 'Bundle',
      type,
      entry: [{ request: { method: 'GET', url: `Patient/${id}` } }, { request: { method: 'POST', url: 'Patient' }, resource: { resourceType: 'Patient' } }],
    });
    expectRefusal(await reader.post<OperationOutcome>('', bundle('transaction')), 403);
    expect((await reader.post<Bundle>('', bundle('batch'))).body.entry?.map(({ response }) => response?.status)).toEqual(['200', '403']);
    expect((await fetch(`${app.url}/fhir/Patient`)).status).toBe(401);
    expect((await fetch(`${app.url}/fhir/Patient`, { headers: { authorization: 'Bearer nonsense' } })).status).toBe(401);
    for (const [role, read, write] of [['clinician', 200, 201], ['coordinator', 200, 403], ['hospital-it', 403, 403], ['auditor', 403, 403]] as const) {
      const person = new FhirClient(app, await app.as(role));
      expect([role, (await person.get(`/Patient/${id}`)).status, (await person.post('/Basic', { resourceType: 'Basic', code: { text: 'x' } })).status]).toEqual([role, read, write]);
    }
  });

  it('what lies outside a granular scope, in every interaction', async () => {
    const narrow = new FhirClient(app, await app.asSystem('system/Observation.cruds?category=laboratory system/Patient.rs?gender=female'));
    const observation = (category: string, extra: object = {}) => ({ resourceType: 'Observation' as const, status: 'final' as const, code: { text: 'x' }, category: [{ coding: [{ code: category }] }], ...extra });
    const woman = await client.create({ resourceType: 'Patient', gender: 'female' });
    const man = await client.create({ resourceType: 'Patient', gender: 'male' });
    const lab = await client.create(observation('laboratory', { subject: { reference: `Patient/${woman}` } }));
    const survey = await client.create(observation('survey', { subject: { reference: `Patient/${man}` } }));
    const labOfMan = await client.create(observation('laboratory', { subject: { reference: `Patient/${man}` } }));

    expect((await narrow.get(`/Observation/${lab}`)).status).toBe(200);
    for (const path of [`/Observation/${survey}`, `/Observation/${survey}/_history`, `/Observation/${survey}/_history/1`]) expect((await narrow.get(path)).status).toBe(404);
    expect((await narrow.ids('/Observation')).sort()).toEqual([lab, labOfMan].sort());
    expect((await narrow.get<Bundle>('/Observation?_summary=count')).body.total).toBe(2);
    const included = await narrow.get<Bundle>('/Observation?_include=Observation:subject');
    expect(included.body.entry?.filter(({ search }) => search?.mode === 'include').map(({ resource }) => resource?.id)).toEqual([woman]);
    expect((await narrow.post('/Observation', observation('laboratory'))).status).toBe(201);
    expect((await narrow.post('/Observation', observation('survey'))).status).toBe(403);
    expect((await narrow.put(`/Observation/${lab}`, { ...observation('survey'), id: lab })).status).toBe(403);
    expect((await narrow.put(`/Observation/${survey}`, { ...observation('laboratory'), id: survey })).status).toBe(403);
    expect((await narrow.delete(`/Observation/${survey}`)).status).toBe(403);
    // Criteria tell nothing of it either: not that it is there, nor which it is.
    const unless = (id: string) => narrow.post('/Observation', observation('laboratory'), { 'if-none-exist': `_id=${id}` });
    expect([(await unless(survey)).status, (await unless(lab)).status]).toEqual([403, 200]);
    const entry = [{ resource: observation('laboratory'), request: { method: 'POST' as const, url: 'Observation', ifNoneExist: `_id=${survey}` } }];
    expectRefusal(await narrow.post<OperationOutcome>('', { resourceType: 'Bundle', type: 'transaction', entry }), 403);
    expect((await narrow.delete(`/Observation/${labOfMan}`)).status).toBe(204);
    expect((await client.get(`/Observation/${survey}`)).status).toBe(200);
  });
});
