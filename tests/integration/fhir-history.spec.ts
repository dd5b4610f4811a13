import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Bundle, CapabilityStatement, OperationOutcome, Patient } from '@medplum/fhirtypes';
import { startTestApp, type TestApp } from '../support/app.js';
import { FhirClient } from '../support/fhir-client.js';

describe('histories, conditional reads and forms of answers', () => {
  let app: TestApp;
  let client: FhirClient;

  beforeAll(async () => {
    app = await startTestApp();
    client = new FhirClient(app, await app.asSystem('system/*.*'));
  });
  afterAll(() => app.stop());

  /** `Type/id/version method` of every entry, over all pages. */
  const historyOf = async (as: FhirClient, path: string): Promise<string[]> => {
    const names: string[] = [];
    let next: string | undefined = path;
    while (next !== undefined) {
      const page: Bundle = (await as.get<Bundle>(next)).body;
      expect(page.type).toBe('history');
      names.push(...(page.entry ?? []).map(({ fullUrl, request, response }) => `${fullUrl?.replace(/^.*\/fhir\//, '')} ${response?.etag} ${request?.method}`));
      next = page.link?.find(({ relation }) => relation === 'next')?.url.replace(/^.*\/fhir/, '');
    }
    return names;
  };

  it('tell of a type and of the whole server, newest first, deletions included', async () => {
    const since = new Date().toISOString();
    const lamp = await client.create({ resourceType: 'Device', deviceName: [{ name: 'lamp', type: 'other' }] });
    const mat = await client.create({ resourceType: 'Device' });
    const place = await client.create({ resourceType: 'Location', name: 'gym' });
    await client.put(`/Device/${lamp}`, { resourceType: 'Device', id: lamp });
    await client.delete(`/Device/${lamp}`);
    const devices = [`Device/${lamp} W/"3" DELETE`, `Device/${lamp} W/"2" PUT`, `Device/${mat} W/"1" POST`, `Device/${lamp} W/"1" POST`];
    expect(await historyOf(client, '/Device/_history')).toEqual(devices);
    expect(await historyOf(client, '/Device/_history?_count=1')).toEqual(devices);
    const all = await historyOf(client, `/_history?_count=2&_since=${since}`);
    expect(all.filter((name) => !/^(Provenance|AuditEvent)/.test(name))).toEqual([...devices.slice(0, 2), `Location/${place} W/"1" POST`, ...devices.slice(2)]);
    expect(new Set(all).size).toBe(all.length);
    expect(await historyOf(client, `/Device/_history?_since=${new Date(Date.now() + 60_000).toISOString()}`)).toEqual([]);
    expect((await client.get('/Device/_history?_cursor=nonsense')).status).toBe(400);
  });

  it('show a hospital only its own patients, and what its scopes cover wholly', async () => {
    const [mine, other] = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];
    const as = async (connectionId: string, scopes: string) => new FhirClient(app, await app.asSystem(scopes, { connectionId, clientId: connectionId }));
    const own = await as(mine, 'system/*.cruds');
    const patient = await own.create({ resourceType: 'Patient' });
    await (await as(other, 'system/*.cruds')).create({ resourceType: 'Patient' });
    expect(await historyOf(own, '/Patient/_history')).toEqual([`Patient/${patient} W/"1" POST`]);
    const narrow = await as(mine, 'system/Patient.rs system/Observation.rs?category=laboratory');
    expect(await historyOf(narrow, '/_history')).toEqual([`Patient/${patient} W/"1" POST`]);
    expect((await narrow.get('/Observation/_history')).status).toBe(403);
    expect((await narrow.get('/Device/_history')).status).toBe(403);
  });

  it('answer 304 to who has the version already', async () => {
    const id = await client.create({ resourceType: 'Patient' });
    const first = await client.get(`/Patient/${id}`);
    const known = await client.send('GET', `/Patient/${id}`, undefined, { 'if-none-match': first.headers.get('etag') ?? '' });
    expect([known.status, known.text, known.headers.get('etag')]).toEqual([304, '', 'W/"1"']);
    const modified = first.headers.get('last-modified') ?? '';
    expect((await client.get(`/Patient/${id}`, { 'if-modified-since': modified })).status).toBe(304);
    expect((await client.get(`/Patient/${id}`, { 'if-modified-since': new Date(Date.parse(modified) - 1000).toUTCString() })).status).toBe(200);
    expect((await client.get(`/Patient/${id}`, { 'if-none-match': 'W/"7"', 'if-modified-since': modified })).status).toBe(200);
    expect((await client.get(`/Patient/${id}`, { 'if-modified-since': 'lately' })).status).toBe(400);
    const batch = { resourceType: 'Bundle', type: 'batch', entry: [{ request: { method: 'GET', url: `Patient/${id}`, ifNoneMatch: 'W/"1"' } }] };
    expect((await client.post<Bundle>('', batch)).body.entry?.[0]).toEqual({ response: { status: '304', etag: 'W/"1"', lastModified: expect.anything() } });
  });

  it('abridge each version where that is asked, and refuse what would narrow them and is not understood', async () => {
    const id = await client.create({ resourceType: 'Patient', gender: 'female', birthDate: '1970' });
    await client.put(`/Patient/${id}`, { resourceType: 'Patient', id, gender: 'female', birthDate: '1971' });
    for (const path of ['/_history', '/Patient/_history', `/Patient/${id}/_history`]) {
      const { body } = await client.get<Bundle>(`${path}?_elements=birthDate&_count=${path === '/_history' ? 10 : 1}`);
      const first = body.entry?.find(({ resource }) => resource?.id === id);
      expect([path, first?.resource && Object.keys(first.resource).sort()]).toEqual([path, ['birthDate', 'id', 'meta', 'resourceType']]);
      expect(body.link?.map(({ url }) => url.includes('_elements=birthDate'))).toEqual([true, true]);
      for (const query of ['_at=2024', '_list=x', '_summary=count', ...(path === '/_history' ? [] : ['_elements=shoeSize'])]) expect([query, (await client.get(`${path}?${query}`)).status]).toEqual([query, 400]);
      expect((await client.get(`${path}?colour=red`)).status).toBe(200);
      expect((await client.get<OperationOutcome>(`${path}?colour=red`, { prefer: 'handling=strict' })).body.issue?.[0]?.expression).toEqual(['colour']);
    }
  });

  it('answer HEAD like GET, without the body', async () => {
    const id = await client.create({ resourceType: 'Patient' });
    const head = await client.send('HEAD', `/Patient/${id}`);
    expect([head.status, head.text, head.headers.get('etag')]).toEqual([200, '', 'W/"1"']);
    expect((await client.send('HEAD', '/Patient/none')).status).toBe(404);
  });

  it('speak JSON only, set on lines when asked', async () => {
    const created = await client.post<Patient>('/Observation', '{"resourceType":"Observation","status":"final","code":{"text":"{\\"a\\":[1,2]}"},"valueQuantity":{"value":1.50}}');
    const pretty = await client.get(`/Observation/${created.body.id}?_pretty=true&_format=application/fhir+json`);
    expect(pretty.text).toContain('\n  "valueQuantity": {\n    "value": 1.50\n  }\n}');
    expect(pretty.body).toEqual(created.body);
    expect((await client.get(`/Patient?_format=json`)).status).toBe(200);
    expect((await client.get<OperationOutcome>('/Patient?_format=xml')).status).toBe(406);
    expect((await client.get('/Patient', { accept: 'application/fhir+xml' })).status).toBe(406);
    expect((await client.get('/Patient', { accept: 'application/fhir+xml;q=0.9, application/fhir+json;q=0.8' })).status).toBe(200);
    expect((await client.get('/Patient?_pretty=yes')).status).toBe(400);
  });

  it('delete what meets the criteria, when it is one', async () => {
    const numbered = (value: string): Patient => ({ resourceType: 'Patient', identifier: [{ system: 'urn:test', value }] });
    const id = await client.create(numbered('one'));
    expect((await client.delete('/Patient?identifier=urn:test|one')).status).toBe(204);
    expect((await client.get(`/Patient/${id}`)).status).toBe(410);
    expect((await client.delete('/Patient?identifier=urn:test|one')).status).toBe(204);
    const several = [await client.create(numbered('two')), await client.create(numbered('two'))];
    expect((await client.delete('/Patient?identifier=urn:test|two')).status).toBe(412);
    expect((await client.delete('/Patient')).status).toBe(400);
    expect((await client.delete('/Patient?nonsense=1')).status).toBe(400);
    expect((await client.ids('/Patient?identifier=urn:test|two')).sort()).toEqual(several.sort());
    const reader = new FhirClient(app, await app.asSystem('system/Patient.rs'));
    expect((await reader.delete('/Patient?identifier=urn:test|two')).status).toBe(403);
  });

  it('delete several where that is configured', async () => {
    const generous = await startTestApp({ environment: { FHIR_CONDITIONAL_DELETE_LIMIT: '2' } });
    try {
      const as = new FhirClient(generous, await generous.asSystem('system/*.*'));
      for (const value of ['a', 'a', 'b', 'b', 'b']) await as.create({ resourceType: 'Patient', identifier: [{ system: 'urn:test', value }] });
      const entry = [{ request: { method: 'DELETE', url: 'Patient?identifier=urn:test|a' } }];
      expect((await as.post<Bundle>('', { resourceType: 'Bundle', type: 'transaction', entry })).body.entry?.[0]?.response?.status).toBe('204');
      expect(await as.ids('/Patient?identifier=urn:test|a')).toEqual([]);
      expect((await as.delete('/Patient?identifier=urn:test|b')).status).toBe(412);
      const capability = (await (await fetch(`${generous.url}/fhir/metadata`)).json()) as CapabilityStatement;
      const patient = capability.rest?.[0]?.resource?.find(({ type }) => type === 'Patient');
      expect(patient).toMatchObject({ conditionalDelete: 'multiple', conditionalRead: 'full-support' });
    } finally {
      await generous.stop();
    }
  });
});
