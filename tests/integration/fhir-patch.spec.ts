import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Bundle, Element, Observation, OperationOutcome, Parameters, Patient, Resource } from '@medplum/fhirtypes';
import { startTestApp, type TestApp } from '../support/app.js';
import { FhirClient } from '../support/fhir-client.js';

type Part = NonNullable<Parameters['parameter']>[number];

const JSON_PATCH = { 'content-type': 'application/json-patch+json' };

/** A FHIRPath Patch of operations, each given by its parts. */
const fhirPatch = (...operations: Record<string, string | number | Partial<Part>>[]): Parameters => ({
  resourceType: 'Parameters',
  parameter: operations.map((parts) => ({
    name: 'operation',
    part: Object.entries(parts).map(([name, value]): Part => {
      if (typeof value === 'number') return { name, valueInteger: value };
      if (typeof value !== 'string') return { name, ...value };
      return name === 'type' ? { name, valueCode: value } : { name, valueString: value };
    }),
  })),
});

describe('patches', () => {
  let app: TestApp;
  let client: FhirClient;

  beforeAll(async () => {
    app = await startTestApp();
    client = new FhirClient(app, await app.asSystem('system/*.*'));
  });
  afterAll(() => app.stop());

  const patch = <T = Resource>(path: string, body: object | string, headers: Record<string, string> = {}) =>
    client.send<T>('PATCH', path, body, { ...(Array.isArray(body) || typeof body === 'string' ? JSON_PATCH : {}), ...headers });

  it('by JSON Patch leave every digit that they do not touch', async () => {
    const sent = '{"resourceType":"Observation","status":"final","code":{"text":"walk"},"valueQuantity":{"value":1.50e2},"component":[{"code":{"text":"a"},"valueQuantity":{"value":-0.0}}]}';
    const id = (await client.post<Observation>('/Observation', sent)).body.id ?? '';
    const operations =
      '[{"op":"test","path":"/status","value":"final"},{"op":"replace","path":"/status","value":"amended"},{"op":"add","path":"/component/-","value":{"code":{"text":"b"},"valueQuantity":{"value":2.10}}},' +
      '{"op":"copy","from":"/code","path":"/component/1/code"},{"op":"add","path":"/note","value":[{"text":"x"}]},{"op":"move","from":"/note/0/text","path":"/bodySite"},{"op":"replace","path":"/bodySite","value":{"text":"a/b~"}},{"op":"remove","path":"/note"}]';
    const patched = await patch<Observation>(`/Observation/${id}`, operations, { 'if-match': 'W/"1"' });
    expect([patched.status, patched.headers.get('etag')]).toEqual([200, 'W/"2"']);
    for (const text of ['"value":1.50e2', '"value":-0.0', '{"code":{"text":"walk"},"valueQuantity":{"value":2.10}}', '"status":"amended"']) expect(patched.text).toContain(text);
    expect(patched.body.note).toBeUndefined();
    expect((await client.get(`/Observation/${id}`)).text).toBe(patched.text);
    const history = (await client.get<Bundle>(`/Observation/${id}/_history`)).body;
    expect(history.entry?.[0]?.request?.method).toBe('PATCH');
    expect((await patch(`/Observation/${id}`, [], { 'if-match': 'W/"1"' })).status).toBe(412);
    expect(await client.ids(`/Observation?_id=${id}&status=amended`)).toEqual([id]);
  });

  it('refuse what can not be done, and say where', async () => {
    const id = await client.create({ resourceType: 'Patient', name: [{ family: 'A' }], active: true });
    const refused = async (operations: object[], status: number, place?: string) => {
      const reply = await patch<OperationOutcome>(`/Patient/${id}`, operations);
      expect([reply.status, reply.body.issue?.[0]?.expression?.[0]]).toEqual([status, place]);
    };
    await refused([{ op: 'test', path: '/active', value: false }], 422, '[0].value');
    await refused([{ op: 'add', path: '/active', value: true }, { op: 'remove', path: '/photo' }], 422, '[1].path');
    await refused([{ op: 'add', path: '/name/2', value: {} }], 422, '[0].path');
    await refused([{ op: 'add', path: '/name/01', value: {} }], 422, '[0].path');
    await refused([{ op: 'move', from: '/name', path: '/name/0' }], 422, '[0].path');
    await refused([{ op: 'merge', path: '/name' }], 400, '[0].op');
    await refused([{ op: 'add', path: 'name', value: 1 }], 400, '[0].path');
    await refused([{ op: 'replace', path: '/id', value: 'other' }], 400, 'id');
    await refused([{ op: 'replace', path: '/gender', value: 1 }], 422, '[0].path');
    await refused([{ op: 'add', path: '/shoe', value: 1 }], 400, 'Patient.shoe');
    await refused([{ op: 'remove', path: '' }], 422, '[0].path');
    await refused([{ op: 'add', path: '/__proto__', value: { polluted: true } }], 400, 'Patient.__proto__');
    await refused(Array.from({ length: 40 }, () => ({ op: 'copy', from: '/name', path: '/name/-' })), 422);
    expect((await patch(`/Patient/none`, [])).status).toBe(404);
    expect((await patch(`/Provenance/none`, [])).status).toBe(405);
    expect((await client.get<Patient>(`/Patient/${id}`)).body.meta?.versionId).toBe('1');
  });

  it('by FHIRPath Patch add, insert, move, replace and delete', async () => {
    const sent: Patient & { _birthDate: Element } = {
      resourceType: 'Patient',
      birthDate: '1970-01-01',
      _birthDate: { extension: [{ url: 'http://x.example/time', valueString: 'noon' }] },
      name: [{ given: ['A', 'B', 'C'] }],
      identifier: [{ system: 'urn:a', value: '1' }, { system: 'urn:b', value: '2' }],
      deceasedBoolean: false,
      maritalStatus: { text: 'x' },
    };
    const id = await client.create(sent);
    const reply = await client.send<Patient>('PATCH', `/Patient/${id}`, fhirPatch(
      { type: 'delete', path: 'Patient.birthDate' },
      { type: 'delete', path: 'Patient.photo' },
      { type: 'add', path: 'Patient', name: 'contact', value: { part: [{ name: 'name', valueHumanName: { text: 'Kin' } }, { name: 'telecom', valueContactPoint: { system: 'phone', value: '1' } }] } },
      { type: 'insert', path: 'Patient.name[0].given', index: 1, value: { valueString: 'X' } },
      { type: 'move', path: 'Patient.name.given', source: 3, destination: 0 },
      { type: 'replace', path: "Patient.identifier.where(system = 'urn:b').value", value: { valueString: '3' } },
      { type: 'replace', path: 'Patient.deceased', value: { valueDateTime: '2024-01-02' } },
      { type: 'delete', path: 'Patient.maritalStatus' },
      { type: 'delete', path: 'Patient.identifier[0]' },
      { type: 'add', path: 'Patient', name: 'extension', value: { part: [{ name: 'url', valueUri: 'http://x.example/e' }, { name: 'value', valueInteger: 3 }] } },
    ));
    expect(reply.status).toBe(200);
    const { id: _id, meta: _meta, ...rest } = reply.body;
    expect(rest).toEqual({
      resourceType: 'Patient',
      name: [{ given: ['C', 'A', 'X', 'B'] }],
      identifier: [{ system: 'urn:b', value: '3' }],
      deceasedDateTime: '2024-01-02',
      contact: [{ name: { text: 'Kin' }, telecom: [{ system: 'phone', value: '1' }] }],
      extension: [{ url: 'http://x.example/e', valueInteger: 3 }],
    });
    for (const [path, status] of [['Patient.name.given', 422], ['Patient.nothing', 422], ["Patient.name.where(text.matches('(a+)+$'))", 422], ['Patient..', 400]] as const) {
      const refused = await client.send<OperationOutcome>('PATCH', `/Patient/${id}`, fhirPatch({ type: 'replace', path, value: { valueString: 'x' } }));
      expect([path, refused.status]).toEqual([path, status]);
    }
  });

  it('find their resource by criteria, also as entries of a transaction', async () => {
    const id = await client.create({ resourceType: 'Patient', identifier: [{ system: 'urn:test', value: 'p' }] });
    expect((await patch('/Patient?identifier=urn:test|p', [{ op: 'add', path: '/active', value: true }])).status).toBe(200);
    expect((await patch('/Patient?identifier=urn:test|none', [])).status).toBe(404);
    const data = Buffer.from('[{"op":"replace","path":"/active","value":false}]').toString('base64');
    const binary = { resourceType: 'Binary', contentType: 'application/json-patch+json', data };
    const bundle = (resource: object) => ({ resourceType: 'Bundle', type: 'transaction', entry: [{ resource, request: { method: 'PATCH', url: 'Patient?identifier=urn:test|p' } }] });
    expect((await client.post<Bundle>('', bundle(binary))).body.entry?.[0]?.response).toMatchObject({ status: '200', etag: 'W/"3"' });
    const added = fhirPatch({ type: 'add', path: 'Patient', name: 'gender', value: { valueCode: 'other' } });
    expect((await client.post<Bundle>('', { ...bundle(added), type: 'batch' })).body.entry?.[0]?.response?.status).toBe('200');
    expect((await client.get<Patient>(`/Patient/${id}`)).body).toMatchObject({ active: false, gender: 'other', meta: { versionId: '4' } });
    await client.create({ resourceType: 'Patient', identifier: [{ system: 'urn:test', value: 'p' }] });
    expect((await patch('/Patient?identifier=urn:test|p', [])).status).toBe(412);
  });

  it('tell the resource only to who may read it', async () => {
    const id = await client.create({ resourceType: 'Patient', gender: 'female' });
    const blind = new FhirClient(app, await app.asSystem('system/Patient.u'));
    const reply = await blind.send('PATCH', `/Patient/${id}`, [{ op: 'add', path: '/active', value: true }], JSON_PATCH);
    expect([reply.status, reply.text]).toEqual([200, '']);
    const reader = new FhirClient(app, await app.asSystem('system/Patient.rs'));
    expect((await reader.send('PATCH', `/Patient/${id}`, [], JSON_PATCH)).status).toBe(403);
  });
});
