import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Basic, Binary, Bundle, CapabilityStatement, Observation, OperationOutcome, Patient, Provenance } from '@medplum/fhirtypes';
import { startTestApp, type TestApp } from '../support/app.js';
import { FhirClient } from '../support/fhir-client.js';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('the FHIR API', () => {
  let app: TestApp;
  let client: FhirClient;

  beforeAll(async () => {
    app = await startTestApp();
    client = new FhirClient(app, await app.asSystem('system/*.*'));
  });
  afterAll(() => app.stop());

  describe('create and read', () => {
    it('stores a resource whole, and says what it is now', async () => {
      const sent =
        '{ "resourceType": "Observation", "status": "final",\n "_status": {"extension": [{"url": "http://x.example/a", "valueDecimal": 0.10}]}, "code": {"text": "walk"}, "valueQuantity": {"value": 1.0, "unit": "km"},' +
        ' "component": [{"code": {"text": "b"}, "valueQuantity": {"value": 1.50e2}}, {"code": {"text": "a"}, "valueQuantity": {"value": -0.0}}] }';
      const created = await client.post<Observation>('/Observation', sent);
      expect(created.status).toBe(201);
      const id = created.body.id ?? '';
      expect(id).toMatch(UUID_V7);
      expect(created.headers.get('etag')).toBe('W/"1"');
      expect(created.headers.get('location')).toBe(`${app.url}/fhir/Observation/${id}/_history/1`);
      expect(created.headers.get('content-type')).toContain('application/fhir+json');
      expect(Date.parse(created.headers.get('last-modified') ?? '')).not.toBeNaN();
      expect(created.body.meta).toEqual({ versionId: '1', lastUpdated: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) });

      const read = await client.get(`/Observation/${id}`);
      expect(read.status).toBe(200);
      expect(read.text).toBe(created.text);
      const stamp = `"id":"${id}","meta":${JSON.stringify(created.body.meta)},`;
      expect(read.text).toBe(sent.replace(/\s+(?=([^"]*"[^"]*")*[^"]*$)/g, '').replace('"status"', `${stamp}"status"`));
    });

    it('answers as the caller prefers', async () => {
      const patient: Patient = { resourceType: 'Patient' };
      const minimal = await client.post('/Patient', patient, { prefer: 'return=minimal' });
      expect([minimal.status, minimal.text]).toEqual([201, '']);
      expect(minimal.headers.get('location')).toContain('/fhir/Patient/');
      const outcome = await client.post<OperationOutcome>('/Patient', patient, { prefer: 'return=OperationOutcome' });
      expect(outcome.body).toMatchObject({ resourceType: 'OperationOutcome', issue: [{ severity: 'information' }] });
    });

    it('answers the part that is asked for, as a search would', async () => {
      const id = await client.create({ resourceType: 'Patient', gender: 'female', birthDate: '1970-01-01', maritalStatus: { text: 'single' }, text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">A</div>' } });
      const keys = async (path: string): Promise<string[]> => {
        const { status, body, headers } = await client.get(path);
        expect([path, status, headers.get('etag'), body.meta?.tag?.map(({ code }) => code)]).toEqual([path, 200, 'W/"1"', ['SUBSETTED']]);
        return Object.keys(body).filter((key) => !['resourceType', 'id', 'meta'].includes(key)).sort();
      };
      expect(await keys(`/Patient/${id}?_elements=gender`)).toEqual(['gender']);
      expect(await keys(`/Patient/${id}?_summary=true`)).toEqual(['birthDate', 'gender']);
      expect(await keys(`/Patient/${id}/_history/1?_summary=text`)).toEqual(['text']);
      expect(await keys(`/Patient/${id}?_summary=data`)).not.toContain('text');
      expect((await client.get(`/Patient/${id}?_summary=false`)).body).toHaveProperty('maritalStatus');
      for (const query of ['_summary=count', '_summary=most', '_elements=shoeSize']) expect([query, (await client.get(`/Patient/${id}?${query}`)).status]).toEqual([query, 400]);
    });

    it('makes creates that come together each for itself: with its own answer, Provenance and place in the audit', async () => {
      const patient = await client.create({ resourceType: 'Patient', name: [{ family: 'Many' }] });
      const wrong = (number: number): boolean => number % 5 === 4;
      const observation = (number: number): object => ({ resourceType: 'Observation', ...(wrong(number) ? {} : { status: 'final' }), code: { text: `walk ${number}` }, subject: { reference: `Patient/${patient}` } });
      const replies = await Promise.all(Array.from({ length: 60 }, (_, number) => client.post<Observation>('/Observation', observation(number), { 'x-correlation-id': `together-${number}` })));
      expect(replies.map(({ status }) => status)).toEqual(replies.map((_, number) => (wrong(number) ? 400 : 201)));
      const made = replies.flatMap(({ body }, number) => (wrong(number) ? [] : [{ number, id: body.id ?? '', said: body.code?.text }]));
      expect(made.map(({ said }) => said)).toEqual(made.map(({ number }) => `walk ${number}`));
      expect((await client.ids(`/Observation?patient=${patient}&_count=100`)).sort()).toEqual(made.map(({ id }) => id).sort());
      const { entry = [] } = (await client.get<Bundle<Observation | Provenance>>(`/Observation?patient=${patient}&_revinclude=Provenance:target&_count=100`)).body;
      const targets = entry.flatMap(({ resource }) => (resource?.resourceType === 'Provenance' ? [resource.target.map(({ reference }) => reference)] : []));
      expect(targets.sort()).toEqual(made.map(({ id }) => [`Observation/${id}/_history/1`]).sort());
      const accesses = await app.transactions.run(app.scope(), (tx) =>
        tx.query<{ correlation_id: string; entities: string[] }>(`select correlation_id, entities from audit where correlation_id like 'together-%' and what = 'fhir.create' and outcome = 'success'`),
      );
      expect(accesses.map(({ correlation_id, entities }) => `${correlation_id} ${entities.join()}`).sort()).toEqual(made.map(({ number, id }) => `together-${number} Observation/${id}`).sort());
    });

    it('answers reads that come together each for itself', async () => {
      const ids = await Promise.all(Array.from({ length: 20 }, (_, number) => client.create({ resourceType: 'Patient', name: [{ family: `Reader${number}` }] })));
      const asked = ids.flatMap((id) => [`/Patient/${id}`, `/Patient/${id}x`, `/Observation?patient=${id}`, `/Patient/${id}/_history/1`, `/Patient/${id}/_history/2`]);
      const replies = await Promise.all(asked.map((path) => client.get<Patient>(path)));
      expect(replies.map(({ status }) => status)).toEqual(ids.flatMap(() => [200, 404, 200, 200, 404]));
      expect(replies.map(({ body }) => body.name?.[0]?.family)).toEqual(ids.flatMap((_, number) => [`Reader${number}`, undefined, undefined, `Reader${number}`, undefined]));
    });

    it("doesn't find what isn't there", async () => {
      const missing = await client.get<OperationOutcome>('/Patient/none');
      expect(missing.status).toBe(404);
      expect(missing.body).toMatchObject({ resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'not-found' }] });
      expect(missing.body.issue?.[0]?.diagnostics).toContain(missing.headers.get('x-correlation-id'));
      expect((await client.get('/Patient/none/_history/1')).status).toBe(404);
      expect((await client.get('/Patient/none/_history')).status).toBe(404);
    });
  });

  describe('update, history and deletion', () => {
    it('keep every version', async () => {
      const id = await client.create({ resourceType: 'Patient', birthDate: '1970-01-01' });
      const updated = await client.put<Patient>(`/Patient/${id}`, { resourceType: 'Patient', id, birthDate: '1971' }, { 'if-match': 'W/"1"' });
      expect([updated.status, updated.headers.get('etag'), updated.body.meta?.versionId, updated.body.birthDate]).toEqual([200, 'W/"2"', '2', '1971']);
      expect((await client.get<Patient>(`/Patient/${id}/_history/1`)).body).toMatchObject({ birthDate: '1970-01-01', meta: { versionId: '1' } });
      expect((await client.get(`/Patient/${id}/_history/3`)).status).toBe(404);

      const deleted = await client.delete(`/Patient/${id}`);
      expect([deleted.status, deleted.text, deleted.headers.get('etag')]).toEqual([204, '', 'W/"3"']);
      expect((await client.delete(`/Patient/${id}`)).status).toBe(204);
      expect((await client.get(`/Patient/${id}`)).status).toBe(410);
      expect((await client.get(`/Patient/${id}/_history/3`)).status).toBe(410);
      expect((await client.get(`/Patient/${id}/_history/2`)).status).toBe(200);
      expect(await client.ids(`/Patient?_id=${id}`)).toEqual([]);

      const back = await client.put<Patient>(`/Patient/${id}`, { resourceType: 'Patient', id, birthDate: '1972' });
      expect([back.status, back.body.meta?.versionId]).toEqual([201, '4']);
      expect(await client.ids(`/Patient?_id=${id}&birthdate=1972`)).toEqual([id]);

      const history = await client.get<Bundle>(`/Patient/${id}/_history`);
      expect(history.body).toMatchObject({ type: 'history', total: 4 });
      expect(history.body.entry?.map(({ request, response, resource }) => [request?.method, response?.status, resource?.meta?.versionId])).toEqual([
        ['PUT', '200', '4'],
        ['DELETE', '204', undefined],
        ['PUT', '200', '2'],
        ['POST', '201', '1'],
      ]);
    });

    it('pages through a history, and starts it when asked', async () => {
      const id = await client.create({ resourceType: 'Patient' });
      for (let version = 2; version <= 5; version++) await client.put(`/Patient/${id}`, { resourceType: 'Patient', id, birthDate: `200${version}` });
      const versions: (string | undefined)[] = [];
      let next: string | undefined = `/Patient/${id}/_history?_count=2`;
      while (next) {
        const page: Bundle = (await client.get<Bundle>(next)).body;
        versions.push(...(page.entry ?? []).map(({ resource }) => resource?.meta?.versionId));
        next = page.link?.find(({ relation }) => relation === 'next')?.url.replace(/^.*\/fhir/, '');
      }
      expect(versions).toEqual(['5', '4', '3', '2', '1']);
      const later = new Date(Date.now() + 60_000).toISOString();
      expect((await client.get<Bundle>(`/Patient/${id}/_history?_since=${later}`)).body).toMatchObject({ total: 0 });
    });

    it('refuse a stale version, and one of two changes at the same moment', async () => {
      const id = await client.create({ resourceType: 'Patient' });
      const change = (year: number) => client.put(`/Patient/${id}`, { resourceType: 'Patient', id, birthDate: String(year) }, { 'if-match': 'W/"1"' });
      const statuses = (await Promise.all([2001, 2002, 2003, 2004].map(change))).map(({ status }) => status);
      expect(statuses.filter((status) => status === 200)).toHaveLength(1);
      expect(statuses.filter((status) => status !== 200).every((status) => status === 409 || status === 412)).toBe(true);
      expect((await change(2005)).status).toBe(412);
      expect((await client.put(`/Patient/none`, { resourceType: 'Patient', id: 'none' }, { 'if-match': 'W/"1"' })).status).toBe(412);
      expect((await client.put(`/Patient/${id}`, { resourceType: 'Patient', id }, { 'if-match': 'yesterday' })).status).toBe(400);
    });

    it('create only, where that is asked', async () => {
      const once = () => client.put<OperationOutcome>('/Patient/only-once', { resourceType: 'Patient', id: 'only-once' }, { 'if-none-match': '*' });
      const [first, second] = [await once(), await once()];
      expect([first.status, second.status, second.body.issue?.[0]?.details?.coding?.[0]?.code]).toEqual([201, 412, 'exists']);
      expect((await client.put('/Patient/only-once', { resourceType: 'Patient', id: 'only-once' }, { 'if-none-match': 'W/"1"' })).status).toBe(400);
      expect((await client.get('/Patient/only-once')).headers.get('etag')).toBe('W/"1"');
    });

    it('create under an id of the sender, when it may', async () => {
      const created = await client.put('/Patient/my-id.1', { resourceType: 'Patient', id: 'my-id.1' });
      expect([created.status, created.headers.get('location')]).toEqual([201, `${app.url}/fhir/Patient/my-id.1/_history/1`]);
    });
  });

  describe('conditional create', () => {
    const withNumber = (value: string): Patient => ({ resourceType: 'Patient', identifier: [{ system: 'urn:test', value }] });

    it('makes one of a hundred at the same moment', async () => {
      const replies = await Promise.all(
        Array.from({ length: 100 }, () => client.post<Patient>('/Patient', withNumber('hundred'), { 'if-none-exist': 'identifier=urn:test|hundred' })),
      );
      expect(replies.filter(({ status }) => status === 201)).toHaveLength(1);
      expect(replies.filter(({ status }) => status === 200)).toHaveLength(99);
      expect(new Set(replies.map(({ body }) => body.id)).size).toBe(1);
      expect(await client.ids('/Patient?identifier=urn:test|hundred')).toHaveLength(1);
    });

    it('refuses when several match, or when the criteria are none', async () => {
      await client.create(withNumber('twice'));
      await client.create(withNumber('twice'));
      expect((await client.post('/Patient', withNumber('twice'), { 'if-none-exist': 'identifier=urn:test|twice' })).status).toBe(412);
      expect((await client.post('/Patient', withNumber('x'), { 'if-none-exist': '' })).status).toBe(400);
      expect((await client.post('/Patient', withNumber('x'), { 'if-none-exist': 'nonsense=1' })).status).toBe(400);
    });

    it('takes the whole address of the search too, and says which resource it found', async () => {
      const id = await client.create(withNumber('addressed'));
      for (const address of ['Patient?', `${app.url}/fhir/Patient?`, '?', '']) {
        const reply = await client.post('/Patient', withNumber('addressed'), { 'if-none-exist': `${address}identifier=urn:test|addressed`, prefer: 'return="minimal"' });
        expect([address, reply.status, reply.text, reply.headers.get('location')]).toEqual([address, 200, '', `${app.url}/fhir/Patient/${id}/_history/1`]);
      }
      expect((await client.post('/Patient', withNumber('addressed'), { 'if-none-exist': 'Group?identifier=urn:test|addressed' })).status).toBe(400);
    });

    it('creates again after the first was deleted', async () => {
      const create = () => client.post<Patient>('/Patient', withNumber('again'), { 'if-none-exist': 'identifier=urn:test|again' });
      const first = await create();
      await client.delete(`/Patient/${first.body.id}`);
      const second = await create();
      expect([first.status, second.status]).toEqual([201, 201]);
      expect(second.body.id).not.toBe(first.body.id);
    });
  });

  it('takes a Binary as what it holds, and gives it so to who asks for no format of FHIR', async () => {
    const bytes = Buffer.from([0x25, 0x50, 0x44, 0x46, 0, 0xff, 0xfe]);
    for (const [type, method, path] of [['application/pdf', 'POST', '/Binary'], ['application/dicom; a=b', 'POST', '/Binary'], ['text/plain; charset=utf-8', 'PUT', '/Binary/by-name']] as const) {
      const made = await client.send<Binary>(method, path, bytes, { 'content-type': type, 'x-security-context': 'Patient/my-id.1' });
      expect([type, made.status, made.body]).toEqual([type, 201, expect.objectContaining({ resourceType: 'Binary', contentType: type, data: bytes.toString('base64'), securityContext: { reference: 'Patient/my-id.1' } })]);
      for (const suffix of ['', '/_history/1']) {
        const read = await fetch(`${app.url}/fhir/Binary/${made.body.id}${suffix}`, { headers: { authorization: client.authorization, accept: 'image/*' } });
        expect([read.status, read.headers.get('content-type'), read.headers.get('etag'), read.headers.get('content-disposition')]).toEqual([200, type, 'W/"1"', 'attachment']);
        expect(Buffer.from(await read.arrayBuffer())).toEqual(bytes);
      }
      expect((await client.get<Binary>(`/Binary/${made.body.id}`)).body.data).toBe(bytes.toString('base64'));
    }
    const read = (path: string) => fetch(`${app.url}/fhir/${path}`, { headers: { authorization: client.authorization, accept: 'application/pdf' } });
    expect([(await read('Binary/nothing')).status, (await read('Binary')).status, (await read('Binary/by-name/_history')).status]).toEqual([404, 406, 406]);
    const free = new FhirClient(app, await app.asSystem('system/*.*', { validation: 'off' }));
    for (const [contentType, data, type] of [['té/xt', 'AAAA', 'application/octet-stream'], [7, 'AAAA', 'application/octet-stream'], ['text/plain', 7, 'application/fhir+json; charset=utf-8']] as const) {
      const odd = await free.post('/Binary', { resourceType: 'Binary', contentType, data });
      expect([odd.status, (await read(`Binary/${odd.body.id}`)).headers.get('content-type')]).toEqual([201, type]);
    }
    for (const [method, path, type] of [['POST', '/Patient', 'application/pdf'], ['POST', '/Binary', 'application/fhir+xml'], ['POST', '/Binary/_search', 'image/png']] as const) {
      expect([path, (await client.send(method, path, bytes, { 'content-type': type })).status]).toEqual([path, 415]);
    }
  });

  it('resolves a reference with criteria in a single write too, and stores none that leads nowhere', async () => {
    const id = await client.create({ resourceType: 'Patient', identifier: [{ system: 'urn:test', value: 'referred' }] });
    const about = (value: string) => ({ resourceType: 'Basic', code: { text: 'x' }, subject: { reference: `Patient?identifier=urn:test|${value}` } });
    const made = await client.post<Basic>('/Basic', about('referred'));
    expect([made.status, made.body.subject]).toEqual([201, { reference: `Patient/${id}` }]);
    const changed = await client.put<Basic>(`/Basic/${made.body.id}`, { ...about('referred'), id: made.body.id });
    expect([changed.status, changed.body.subject, changed.headers.get('etag')]).toEqual([200, { reference: `Patient/${id}` }, 'W/"2"']);
    expect((await client.post('/Basic', about('nobody'))).status).toBe(412);
    const inBatch = await client.post<Bundle>('', { resourceType: 'Bundle', type: 'batch', entry: [about('referred'), about('nobody')].map((resource) => ({ resource, request: { method: 'POST', url: 'Basic' } })) });
    expect(inBatch.body.entry?.map(({ response }) => response?.status)).toEqual(['201', '412']);
    expect(await client.ids(`/Basic?subject=Patient/${id}`)).toHaveLength(2);
  });

  it('says what it can do, without a token', async () => {
    const response = await fetch(`${app.url}/fhir/metadata`);
    const capability = (await response.json()) as CapabilityStatement;
    expect(response.status).toBe(200);
    expect(capability).toMatchObject({ resourceType: 'CapabilityStatement', fhirVersion: '4.0.1', kind: 'instance' });
    const resources = capability.rest?.[0]?.resource ?? [];
    expect(resources).toHaveLength(144);
    expect(resources.flatMap(({ searchParam = [] }) => searchParam.map(({ name }) => name)).filter((name) => ['_text', '_content', '_query', '_filter', 'near'].includes(name))).toEqual([]);
    const asked = (query: string, accept = '*/*') => fetch(`${app.url}/fhir/metadata${query}`, { headers: { accept } });
    expect(await (await asked('?_pretty=true')).text()).toMatch(/^\{\n {2}"resourceType"/);
    const short = (await (await asked('?_elements=fhirVersion')).json()) as CapabilityStatement;
    expect([short.fhirVersion, short.rest, short.meta?.tag?.[0]?.code]).toEqual(['4.0.1', undefined, 'SUBSETTED']);
    for (const reply of [await asked('?_format=xml'), await asked('', 'application/fhir+xml'), await asked('', 'application/fhir+json; fhirVersion=5.0')]) expect(reply.status).toBe(406);
    expect((await asked('', 'application/fhir+json; fhirVersion=4.0')).status).toBe(200);
    expect(resources.find(({ type }) => type === 'Provenance')?.interaction?.map(({ code }) => code)).not.toContain('delete');
    const smart = (await (await fetch(`${app.url}/fhir/.well-known/smart-configuration`)).json()) as { token_endpoint: string };
    expect(smart.token_endpoint).toBe(`${app.url}/oauth/token`);
  });

  it('keeps evidence unchanged', async () => {
    const provenance = { resourceType: 'Provenance', id: 'proof', target: [{ reference: 'Patient/my-id.1' }], recorded: '2024-01-01T00:00:00Z', agent: [{ who: { display: 'x' } }] };
    expect((await client.put('/Provenance/proof', provenance)).status).toBe(201);
    expect((await client.put('/Provenance/proof', provenance)).status).toBe(405);
    expect((await client.delete('/Provenance/proof')).status).toBe(405);
    expect((await client.post('/OperationOutcome', { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'invalid' }] })).status).toBe(405);
  });
});
