import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Bundle, BundleEntry, Observation, OperationOutcome, Patient, Resource } from '@medplum/fhirtypes';
import { startTestApp, type TestApp } from '../support/app.js';
import { FhirClient } from '../support/fhir-client.js';

const numbered = (value: string): Patient => ({ resourceType: 'Patient', identifier: [{ system: 'urn:test', value }] });
const about = (reference: string): Observation => ({ resourceType: 'Observation', status: 'final', code: { text: 'x' }, subject: { reference } });
const post = (resource: Resource, more: Partial<BundleEntry['request']> = {}): BundleEntry => ({ resource, request: { method: 'POST', url: resource.resourceType, ...more } });

/** What a transaction answers: a Bundle of responses, or what was wrong. */
type Reply = Omit<Bundle, 'resourceType'> & Partial<Pick<OperationOutcome, 'issue'>>;

describe('the rules of transactions', () => {
  let app: TestApp;
  let client: FhirClient;

  beforeAll(async () => {
    app = await startTestApp();
    client = new FhirClient(app, await app.asSystem('system/*.*'));
  });
  afterAll(() => app.stop());

  const send = (...entry: BundleEntry[]) =>
    client.send<Reply>('POST', '', { resourceType: 'Bundle', type: 'transaction', entry }, { prefer: 'return=representation' });
  const statuses = ({ body }: { body: Reply }) => body.entry?.map(({ response }) => response?.status);

  it('judge criteria after the deletions', async () => {
    const old = await client.create(numbered('after'));
    const reply = await send(post(numbered('after'), { ifNoneExist: 'identifier=urn:test|after' }), { request: { method: 'DELETE', url: 'Patient?identifier=urn:test|after' } });
    expect([reply.status, statuses(reply)]).toEqual([200, ['201', '204']]);
    expect(await client.ids('/Patient?identifier=urn:test|after')).toEqual([reply.body.entry?.[0]?.resource?.id]);
    expect((await client.get(`/Patient/${old}`)).status).toBe(410);
    const orphan = await send(post(about('Patient?identifier=urn:test|after')), { request: { method: 'DELETE', url: 'Patient?identifier=urn:test|after' } });
    expect(orphan.status).toBe(412);
    expect(await client.ids('/Patient?identifier=urn:test|after')).toHaveLength(1);
  });

  it('find by criteria what another entry makes', async () => {
    const reply = await send(post(about('Patient?identifier=urn:test|new')), post(numbered('new')));
    const [observation, patient] = reply.body.entry ?? [];
    expect(observation?.resource).toMatchObject({ subject: { reference: `Patient/${patient?.resource?.id}` } });
    const provenance = (await client.get<Bundle>(`/Provenance?target=Patient/${patient?.resource?.id}`)).body.entry ?? [];
    expect(provenance).toHaveLength(1);
    expect(provenance[0]?.resource).toMatchObject({ target: [{}, {}] });
    const ambiguous = await send(post(about('Patient?identifier=urn:test|new')), post(numbered('new')));
    expect([ambiguous.status, ambiguous.body.issue?.[0]?.expression]).toEqual([412, ['Bundle.entry[0].resource']]);
    const none = await send(post(about('Patient?identifier=urn:test|nowhere')));
    expect([none.status, none.body.issue?.[0]?.expression]).toEqual([412, ['Bundle.entry[0].resource']]);
  });

  it('refuse entries that conflict', async () => {
    const id = await client.create(numbered('same'));
    const put: BundleEntry = { resource: { ...numbered('same'), id }, request: { method: 'PUT', url: `Patient/${id}` } };
    const byCriteria: BundleEntry = { resource: numbered('same'), request: { method: 'PUT', url: 'Patient?identifier=urn:test|same' } };
    const remove: BundleEntry = { request: { method: 'DELETE', url: `Patient/${id}` } };
    for (const pair of [[put, put], [put, byCriteria], [put, remove], [remove, { request: { method: 'DELETE', url: 'Patient?identifier=urn:test|same' } }]] as const) {
      const reply = await send(...pair);
      expect([reply.status, reply.body.issue?.[0]?.details?.coding?.[0]?.code]).toEqual([400, 'conflicting-entries']);
    }
    expect((await client.get<Patient>(`/Patient/${id}`)).body.meta?.versionId).toBe('1');
  });

  it('take a thousand entries', async () => {
    const patient: BundleEntry = { ...post({ resourceType: 'Patient' }), fullUrl: 'urn:uuid:11111111-1111-4111-8111-111111111111' };
    const observations = Array.from({ length: 999 }, () => post(about(patient.fullUrl ?? '')));
    const reply = await client.post<Bundle>('', { resourceType: 'Bundle', type: 'transaction', entry: [...observations, patient] });
    expect(reply.status).toBe(200);
    expect(new Set(statuses(reply))).toEqual(new Set(['201']));
    const id = /Patient\/([^/]+)/.exec(reply.body.entry?.at(-1)?.response?.location ?? '')?.[1];
    expect((await client.get<Bundle>(`/Observation?subject=Patient/${id}&_summary=count`)).body.total).toBe(999);
  });
});
