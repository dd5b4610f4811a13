import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Bundle, Patient } from '@medplum/fhirtypes';
import { startTestApp, type TestApp } from '../support/app.js';
import { FhirClient } from '../support/fhir-client.js';

describe('an update by criteria', () => {
  let app: TestApp;
  let client: FhirClient;

  beforeAll(async () => {
    app = await startTestApp();
    client = new FhirClient(app, await app.asSystem('system/*.cruds'));
  });
  afterAll(() => app.stop());

  const system = 'https://hospital.example/mrn';
  const patient = (value: string, family: string): Patient => ({ resourceType: 'Patient', identifier: [{ system, value }], name: [{ family }] });
  const url = (value: string) => `/Patient?identifier=${encodeURIComponent(`${system}|${value}`)}`;

  it('creates what nothing meets, and changes what does', async () => {
    const made = await client.put<Patient>(url('a'), patient('a', 'First'));
    expect(made.status).toBe(201);
    const changed = await client.put<Patient>(url('a'), patient('a', 'Second'));
    expect([changed.status, changed.body.id, changed.body.meta?.versionId]).toEqual([200, made.body.id, '2']);
    expect(changed.body.name).toEqual([{ family: 'Second' }]);
  });

  it('makes one resource, however many come at once', async () => {
    const replies = await Promise.all(Array.from({ length: 20 }, (_, number) => client.put<Patient>(url('b'), patient('b', `Number ${number}`))));
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(new Set(replies.map(({ body }) => body.id)).size).toBe(1);
  });

  it('is refused where several meet the criteria, where these are none, and for another id', async () => {
    await client.create(patient('c', 'One'));
    await client.create(patient('c', 'Two'));
    expect((await client.put(url('c'), patient('c', 'Three'))).status).toBe(412);
    expect((await client.put('/Patient', patient('d', 'One'))).status).toBe(400);
    await client.put(url('e'), patient('e', 'One'));
    expect((await client.put(url('e'), { ...patient('e', 'Two'), id: 'another' })).status).toBe(400);
  });

  it('works in a transaction, and what links to it finds it', async () => {
    const entry = (family: string): Bundle => {
      const fullUrl = `urn:uuid:${randomUUID()}`;
      return {
        resourceType: 'Bundle',
        type: 'transaction',
        entry: [
          { resource: { resourceType: 'Observation', status: 'final', code: { text: 'walk' }, subject: { reference: fullUrl } }, request: { method: 'POST', url: 'Observation' } },
          { fullUrl, resource: patient('f', family), request: { method: 'PUT', url: url('f').slice(1) } },
        ],
      };
    };
    const first = await client.post<Bundle>('', entry('First'));
    const second = await client.post<Bundle>('', entry('Second'));
    expect([first, second].map(({ body }) => body.entry?.[1]?.response?.status?.slice(0, 3))).toEqual(['201', '200']);
    const [id] = await client.ids(url('f'));
    expect(await client.ids(`/Observation?subject=Patient/${id}`)).toHaveLength(2);
  });
});
