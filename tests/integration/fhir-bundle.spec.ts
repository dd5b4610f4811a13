import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Bundle, BundleEntry, Observation, OperationOutcome, Patient, Provenance, ServiceRequest, Task } from '@medplum/fhirtypes';
import { startTestApp, type TestApp } from '../support/app.js';
import { FhirClient } from '../support/fhir-client.js';

const transaction = (...entry: BundleEntry[]): Bundle => ({ resourceType: 'Bundle', type: 'transaction', entry });
const locationOf = (bundle: Bundle, index: number): string => (bundle.entry?.[index]?.response?.location ?? '').replace(/^.*\/fhir\//, '').replace(/\/_history.*/, '');

describe('bundles of requests', () => {
  let app: TestApp;
  let client: FhirClient;

  beforeAll(async () => {
    app = await startTestApp();
    client = new FhirClient(app, await app.asSystem('system/*.*'));
  });
  afterAll(() => app.stop());

  const count = async (path: string): Promise<number> => (await client.get<Bundle>(`${path}${path.includes('?') ? '&' : '?'}_summary=count`)).body.total ?? -1;

  it('store a referral whole, with every link resolved and every digit kept', async () => {
    const reply = await client.post<Bundle>(
      '',
      `{"resourceType":"Bundle","type":"transaction","entry":[
        {"fullUrl":"urn:uuid:00000000-0000-4000-8000-000000000002","resource":{"resourceType":"ServiceRequest","status":"active","intent":"order","subject":{"reference":"urn:uuid:00000000-0000-4000-8000-000000000001"},
          "supportingInfo":[{"reference":"urn:uuid:00000000-0000-4000-8000-000000000003"}]},"request":{"method":"POST","url":"ServiceRequest"}},
        {"fullUrl":"urn:uuid:00000000-0000-4000-8000-000000000001","resource":{"resourceType":"Patient","identifier":[{"system":"urn:mrn","value":"urn:uuid:00000000-0000-4000-8000-000000000001"}]},"request":{"method":"POST","url":"Patient"}},
        {"fullUrl":"urn:uuid:00000000-0000-4000-8000-000000000003","resource":{"resourceType":"Observation","status":"final","code":{"text":"pain"},"subject":{"reference":"urn:uuid:00000000-0000-4000-8000-000000000001"},
          "valueQuantity":{"value":7.0}},"request":{"method":"POST","url":"Observation"}},
        {"fullUrl":"urn:uuid:00000000-0000-4000-8000-000000000004","resource":{"resourceType":"Task","status":"requested","intent":"order","focus":{"reference":"urn:uuid:00000000-0000-4000-8000-000000000002"},
          "for":{"reference":"urn:uuid:00000000-0000-4000-8000-000000000001"}},"request":{"method":"POST","url":"Task"}}]}`,
    );
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({ type: 'transaction-response' });
    expect(reply.body.entry?.map(({ response, resource }) => [response?.status, response?.etag, resource])).toEqual(Array(4).fill(['201', 'W/"1"', undefined]));
    const [request = '', patient = '', observation = '', task = ''] = [0, 1, 2, 3].map((index) => locationOf(reply.body, index));
    expect((await client.get<ServiceRequest>(`/${request}`)).body).toMatchObject({ subject: { reference: patient }, supportingInfo: [{ reference: observation }] });
    expect((await client.get<Task>(`/${task}`)).body).toMatchObject({ focus: { reference: request }, for: { reference: patient } });
    expect((await client.get(`/${observation}`)).text).toContain('"valueQuantity":{"value":7.0}');
    // An identifier is no link, even where it looks like one.
    expect((await client.get<Patient>(`/${patient}`)).body.identifier?.[0]?.value).toMatch(/^urn:uuid:/);
    expect(await client.ids(`/Task?patient=${patient}`)).toEqual([task.replace('Task/', '')]);
  });

  it('write down once where the request came from', async () => {
    const reply = await client.post<Bundle>(
      '',
      transaction(
        { fullUrl: 'urn:uuid:10000000-0000-4000-8000-000000000001', resource: { resourceType: 'Patient', meta: { source: 'https://ehr.example/Patient/77', versionId: '12' } }, request: { method: 'POST', url: 'Patient' } },
        {
          resource: { resourceType: 'Observation', status: 'final', code: { text: 'x' }, subject: { reference: 'urn:uuid:10000000-0000-4000-8000-000000000001' } },
          request: { method: 'POST', url: 'Observation' },
        },
      ),
    );
    const patient = locationOf(reply.body, 0);
    const found = await client.get<Bundle>(`/Provenance?target=${patient}`);
    expect(found.body.entry).toHaveLength(1);
    expect(found.body.entry?.[0]?.resource as Provenance).toMatchObject({
      target: [{ reference: `${patient}/_history/1` }, { reference: `${locationOf(reply.body, 1)}/_history/1` }],
      agent: [{ type: { coding: [{ code: 'transmitter' }] }, who: { identifier: { value: 'test-client' } } }],
      entity: [{ role: 'source', what: { identifier: { value: 'https://ehr.example/Patient/77' }, display: 'version 12' } }],
    });
  });

  it('leave nothing behind when one entry is refused, and say which', async () => {
    const before = await count('/Patient');
    const reply = await client.post<OperationOutcome>(
      '',
      `{"resourceType":"Bundle","type":"transaction","entry":[
        {"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}},
        {"resource":{"resourceType":"Observation","status":"final"},"request":{"method":"POST","url":"Observation"}}]}`,
    );
    expect(reply.status).toBe(400);
    expect(reply.body.issue?.[0]?.expression).toEqual(['Bundle.entry[1].resource.code']);
    expect(await count('/Patient')).toBe(before);
  });

  it('work in the order of the standard, and answer in the order of the request', async () => {
    const id = await client.create({ resourceType: 'Patient', birthDate: '1960' });
    const gone = await client.create({ resourceType: 'Basic', code: { text: 'gone' } });
    const reply = await client.post<Bundle>(
      '',
      transaction(
        { request: { method: 'GET', url: `Patient/${id}` } },
        { request: { method: 'GET', url: `Patient?_id=${id}&birthdate=1961` } },
        { resource: { resourceType: 'Patient', id, birthDate: '1961' }, request: { method: 'PUT', url: `Patient/${id}`, ifMatch: 'W/"1"' } },
        { resource: { resourceType: 'Basic', code: { text: 'new' } }, request: { method: 'POST', url: 'Basic' } },
        { request: { method: 'DELETE', url: `Basic/${gone}` } },
      ),
    );
    expect(reply.body.entry?.map(({ response }) => response?.status)).toEqual(['200', '200', '200', '201', '204']);
    expect(reply.body.entry?.[0]?.resource).toMatchObject({ birthDate: '1961' });
    expect(reply.body.entry?.[1]?.resource).toMatchObject({ type: 'searchset', total: 1 });
    expect((await client.get(`/Basic/${gone}`)).status).toBe(410);
  });

  it('resolve links by the address at the source, and by criteria', async () => {
    const known = await client.create({ resourceType: 'Practitioner', identifier: [{ system: 'urn:npi', value: '42' }] });
    const reply = await client.post<Bundle>(
      '',
      transaction(
        { fullUrl: 'https://ehr.example/fhir/Patient/1', resource: { resourceType: 'Patient' }, request: { method: 'POST', url: 'Patient' } },
        {
          fullUrl: 'https://ehr.example/fhir/Observation/9',
          resource: {
            resourceType: 'Observation',
            status: 'final',
            code: { text: 'x' },
            subject: { reference: 'Patient/1' },
            focus: [{ reference: 'https://ehr.example/fhir/Patient/1' }, { reference: 'https://other.example/fhir/Patient/1' }],
            performer: [{ reference: 'Practitioner?identifier=urn:npi|42' }],
          },
          request: { method: 'POST', url: 'Observation' },
        },
      ),
    );
    const patient = locationOf(reply.body, 0);
    expect((await client.get<Observation>(`/${locationOf(reply.body, 1)}`)).body).toMatchObject({
      subject: { reference: patient },
      focus: [{ reference: patient }, { reference: 'https://other.example/fhir/Patient/1' }],
      performer: [{ reference: `Practitioner/${known}` }],
    });
  });

  it('refuse criteria that not exactly one resource meets', async () => {
    const about = (reference: string) =>
      transaction({ resource: { resourceType: 'Basic', code: { text: 'x' }, subject: { reference } }, request: { method: 'POST', url: 'Basic' } });
    expect((await client.post('', about('Patient?identifier=urn:none|0'))).status).toBe(412);
    await client.create({ resourceType: 'Patient', identifier: [{ system: 'urn:two', value: '2' }] });
    await client.create({ resourceType: 'Patient', identifier: [{ system: 'urn:two', value: '2' }] });
    expect((await client.post('', about('Patient?identifier=urn:two|2'))).status).toBe(412);
    expect((await client.post('', about('Patient?nonsense=1'))).status).toBe(400);
  });

  it('make one patient of many at the same moment, each with its own referral', async () => {
    const referral = (number: number): Bundle =>
      transaction(
        {
          fullUrl: 'urn:uuid:20000000-0000-4000-8000-000000000001',
          resource: { resourceType: 'Patient', identifier: [{ system: 'urn:mrn', value: 'shared' }] },
          request: { method: 'POST', url: 'Patient', ifNoneExist: 'identifier=urn:mrn|shared' },
        },
        {
          resource: { resourceType: 'Basic', code: { text: String(number) }, subject: { reference: 'urn:uuid:20000000-0000-4000-8000-000000000001' } },
          request: { method: 'POST', url: 'Basic' },
        },
      );
    const replies = await Promise.all(Array.from({ length: 20 }, (_, number) => client.post<Bundle>('', referral(number))));
    expect(replies.map(({ status }) => status)).toEqual(Array(20).fill(200));
    const statuses = replies.map(({ body }) => body.entry?.[0]?.response?.status);
    expect([statuses.filter((status) => status === '201').length, statuses.filter((status) => status === '200').length]).toEqual([1, 19]);
    expect(await client.ids('/Patient?identifier=urn:mrn|shared')).toHaveLength(1);
    const [patient] = await client.ids('/Patient?identifier=urn:mrn|shared');
    expect(await count(`/Basic?subject=Patient/${patient}`)).toBe(20);
  });

  it('take a thousand entries', async () => {
    const started = performance.now();
    const reply = await client.post<Bundle>(
      '',
      transaction(
        { fullUrl: 'urn:uuid:30000000-0000-4000-8000-000000000000', resource: { resourceType: 'Patient' }, request: { method: 'POST', url: 'Patient' } },
        ...Array.from({ length: 999 }, (_, number) => ({
          resource: {
            resourceType: 'Observation',
            status: 'final',
            code: { coding: [{ code: 'many' }] },
            valueInteger: number,
            subject: { reference: 'urn:uuid:30000000-0000-4000-8000-000000000000' },
          } satisfies Observation,
          request: { method: 'POST', url: 'Observation' } as const,
        })),
      ),
    );
    expect(reply.status).toBe(200);
    expect(reply.body.entry).toHaveLength(1000);
    expect(await count(`/Observation?patient=${locationOf(reply.body, 0)}&code=many`)).toBe(999);
    expect(performance.now() - started).toBeLessThan(15_000);
  });

  it('hear what is preferred for their entries', async () => {
    const entry: BundleEntry[] = [{ resource: { resourceType: 'Basic', code: { text: 'x' } }, request: { method: 'POST', url: 'Basic' } }, { request: { method: 'GET', url: 'Basic?colour=red' } }];
    const ask = (type: 'batch' | 'transaction', prefer: string) => client.post<Bundle>('', { resourceType: 'Bundle', type, entry }, { prefer });
    for (const type of ['batch', 'transaction'] as const) {
      const [minimal, whole, outcome] = [await ask(type, 'return=minimal'), await ask(type, 'return=representation'), await ask(type, 'return=OperationOutcome, respond-async')];
      expect([minimal, whole, outcome].map(({ body }) => [body.entry?.[0]?.resource?.resourceType, body.entry?.[0]?.response?.outcome?.resourceType])).toEqual([
        [undefined, undefined],
        ['Basic', undefined],
        [undefined, 'OperationOutcome'],
      ]);
    }
    expect((await ask('batch', 'handling=strict')).body.entry?.map(({ response }) => response?.status)).toEqual(['201', '400']);
    const strict = await client.post<OperationOutcome>('', transaction(...entry), { prefer: 'handling=strict' });
    expect([strict.status, strict.body.issue[0]?.expression]).toEqual([400, ['Bundle.entry[1].colour']]);
  });

  it('tell which resource was found or changed by criteria', async () => {
    const found = (value: string): Patient => ({ resourceType: 'Patient', identifier: [{ system: 'urn:located', value }] });
    const [one, two] = [await client.create(found('1')), await client.create(found('2'))];
    const reply = await client.post<Bundle>(
      '',
      transaction(
        { resource: found('1'), request: { method: 'POST', url: 'Patient', ifNoneExist: 'Patient?identifier=urn:located|1' } },
        { resource: found('2'), request: { method: 'PUT', url: 'Patient?identifier=urn:located|2' } },
      ),
    );
    expect(reply.body.entry?.map(({ response }, index) => [response?.status, locationOf(reply.body, index)])).toEqual([['200', `Patient/${one}`], ['200', `Patient/${two}`]]);
    const stale = transaction({ resource: found('3'), request: { method: 'PUT', url: 'Patient?identifier=urn:located|3', ifMatch: 'W/"1"' } });
    expect((await client.post('', stale)).status).toBe(412);
  });

  it('do each entry of a batch for itself', async () => {
    const reply = await client.post<Bundle>('', {
      resourceType: 'Bundle',
      type: 'batch',
      entry: [
        { resource: { resourceType: 'Patient', birthDate: '1999' }, request: { method: 'POST', url: 'Patient' } },
        { resource: { resourceType: 'Patient', birthDate: 'never' }, request: { method: 'POST', url: 'Patient' } },
        { request: { method: 'GET', url: 'Patient/none' } },
        { request: { method: 'GET', url: '/Patient?birthdate=1999' } },
        { request: { method: 'POST', url: '' }, resource: { resourceType: 'Bundle', type: 'batch' } },
      ],
    });
    expect(reply.status).toBe(200);
    expect(reply.body.entry?.map(({ response }) => response?.status)).toEqual(['201', '400', '404', '200', '400']);
    expect((reply.body.entry?.[1]?.response?.outcome as OperationOutcome).issue[0]?.expression).toEqual(['Bundle.entry[1].birthDate']);
    expect(reply.body.entry?.[3]?.resource).toMatchObject({ resourceType: 'Bundle', total: 1 });
  });

  it.each<[string, object, number]>([
    ['another type of Bundle', { resourceType: 'Bundle', type: 'collection' }, 400],
    ['no Bundle', { resourceType: 'Patient' }, 400],
    ['an entry without a request', transaction({ resource: { resourceType: 'Patient' } }), 400],
    ['an unknown method', { resourceType: 'Bundle', type: 'transaction', entry: [{ request: { method: 'FETCH', url: 'Patient' } }] }, 400],
    ['an operation by POST', transaction({ request: { method: 'POST', url: 'Patient/$validate' }, resource: { resourceType: 'Patient' } }), 405],
    ['an unknown type', transaction({ request: { method: 'POST', url: 'Nothing' } }), 404],
    ['a missing resource', transaction({ request: { method: 'POST', url: 'Patient' } }), 400],
    ['a type that differs from the URL', transaction({ resource: { resourceType: 'Basic', code: {} }, request: { method: 'POST', url: 'Patient' } }), 400],
    [
      'the same resource twice',
      transaction(
        { resource: { resourceType: 'Patient', id: 'same' }, request: { method: 'PUT', url: 'Patient/same' } },
        { resource: { resourceType: 'Patient', id: 'same' }, request: { method: 'PUT', url: 'Patient/same' } },
      ),
      400,
    ],
    [
      'the same fullUrl twice',
      transaction(
        { fullUrl: 'urn:uuid:1', resource: { resourceType: 'Patient' }, request: { method: 'POST', url: 'Patient' } },
        { fullUrl: 'urn:uuid:1', resource: { resourceType: 'Patient' }, request: { method: 'POST', url: 'Patient' } },
      ),
      400,
    ],
    [
      'the same criteria twice',
      transaction(
        { resource: { resourceType: 'Patient' }, request: { method: 'POST', url: 'Patient', ifNoneExist: 'identifier=a|b' } },
        { resource: { resourceType: 'Patient' }, request: { method: 'POST', url: 'Patient', ifNoneExist: 'identifier=a|b' } },
      ),
      400,
    ],
    ['too many entries', { resourceType: 'Bundle', type: 'transaction', entry: Array.from({ length: 5001 }, () => ({ request: { method: 'GET', url: 'Patient' } })) }, 413],
    ['entries that are none', { resourceType: 'Bundle', type: 'transaction', entry: [null, 1, []] }, 400],
    ['a stale version', transaction({ resource: { resourceType: 'Patient', id: 'gone' }, request: { method: 'PUT', url: 'Patient/gone', ifMatch: 'W/"7"' } }), 412],
  ])('refuse %s', async (_what, bundle, status) => {
    const reply = await client.post<OperationOutcome>('', bundle);
    expect([reply.status, reply.body.resourceType]).toEqual([status, 'OperationOutcome']);
  });
});
