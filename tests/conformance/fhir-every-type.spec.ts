import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MedplumClient } from '@medplum/core';
import type { Bundle, OperationOutcome, Patient, Resource } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { startTestApp, type TestApp } from '../support/app.js';
import { exactJson, withoutVersion } from '../support/exact-json.js';
import { FhirClient, type FhirReply } from '../support/fhir-client.js';
import { legalResource, readDefinitions } from '../support/legal-resources.js';

/** What a batch answers, as far as it matters here. */
interface Answered {
  readonly entry: readonly { readonly resource?: unknown; readonly response: { readonly status: string; readonly location?: string; readonly outcome?: unknown } }[];
}

/** The same draws in every run. What fails names it with its path, by which fast-check draws the same again; another number draws others. */
const SEED = 4;

/** Not kept; one whose status is the server's; and one of R4B that stands among the definitions. */
const NOT_KEPT = ['Parameters', 'OperationOutcome', 'Subscription', 'SubscriptionStatus'];

const types = readDefinitions().filter((type) => !NOT_KEPT.includes(type));

const addressIn = (location = ''): string => location.replace(/^.*\/fhir\//, '').replace(/\/_history.*/, '');

/** How many types share a batch. */
const TOGETHER = 36;

let app: TestApp;
let client: FhirClient;

beforeAll(async () => {
  app = await startTestApp();
  client = new FhirClient(app, await app.asSystem('system/*.*'));
});
afterAll(() => app.stop());

const batch = async (entries: readonly string[]): Promise<Answered['entry']> => {
  const reply = await client.post('', `{"resourceType":"Bundle","type":"batch","entry":[${entries.join(',')}]}`);
  expect(reply.status).toBe(200);
  return (exactJson(reply.text) as Answered).entry;
};

describe('any legal resource', () => {
  it('of each type is kept', () => {
    expect(types).toHaveLength(143);
  });

  it.each(Array.from({ length: Math.ceil(types.length / TOGETHER) }, (_each, group) => types.slice(group * TOGETHER, (group + 1) * TOGETHER)).map((group) => ({ group, of: group[0] })))(
    'comes back as it was sent, digit by digit and in its order, from $of on',
    async ({ group }) => {
      const kept = new Set<string>();
      await fc.assert(
        fc.asyncProperty(fc.tuple(...group.map(legalResource)), async (sent) => {
          const made = await batch(sent.map((json, index) => `{"resource":${json},"request":{"method":"POST","url":"${group[index]}"}}`));
          // What breaks a rule that spans elements is 422; in its structure everything is right.
          expect(made.flatMap(({ response }, index) => (['201', '422'].includes(response.status) ? [] : [{ sent: sent[index], outcome: response.outcome }]))).toEqual([]);
          const stored = made.flatMap(({ response }, index) => (response.status === '201' ? [{ json: sent[index] ?? '', url: addressIn(response.location) }] : []));
          for (const { url } of stored) kept.add(url.replace(/\/.*/, ''));
          const read = await batch(stored.map(({ url }) => `{"request":{"method":"GET","url":"${url}"}}`));
          for (const [index, { json }] of stored.entries()) {
            const { id: _id, ...back } = withoutVersion(read[index]?.resource);
            const wanted = withoutVersion(exactJson(json));
            if (!isDeepStrictEqual(back, wanted)) expect(back).toEqual(wanted);
          }
        }),
        { seed: SEED, numRuns: 3, endOnFailure: true },
      );
      expect([...kept].sort()).toEqual(group);
    },
    60_000,
  );
});

/** Evidence: created and read, never changed or deleted. */
const EVIDENCE = ['AuditEvent', 'Provenance'];

describe('each type', () => {
  /** A legal resource of the type that was stored, with the answer to its creation. */
  const created = async (type: string): Promise<FhirReply<Resource>> => {
    for (const json of fc.sample(legalResource(type), { seed: SEED, numRuns: 10 })) {
      const reply = await client.post(`/${type}`, json);
      if (reply.status === 201) return reply;
      expect([type, reply.status]).toEqual([type, 422]);
    }
    throw new Error(`No ${type} was stored.`);
  };

  const found = async (method: 'GET' | 'POST', type: string, id: string): Promise<(string | undefined)[]> => {
    const reply = method === 'GET' ? await client.get<Bundle>(`/${type}?_id=${id}`) : await client.send<Bundle>('POST', `/${type}/_search`, `_id=${id}`, { 'content-type': 'application/x-www-form-urlencoded' });
    return (reply.body.entry ?? []).flatMap(({ resource, search }) => (search?.mode === 'match' ? [resource?.id] : []));
  };

  /** What holds for everything that is kept: it is read, whole or only if it changed, by version, with its history, and found. */
  const readsAs = async (type: string, made: FhirReply<Resource>): Promise<string> => {
    const { id = '' } = made.body;
    const url = `/${type}/${id}`;
    expect(made.headers.get('location')).toBe(`${app.url}/fhir${url}/_history/1`);
    const read = await client.get(url);
    expect([read.status, read.text, read.headers.get('etag')]).toEqual([200, made.text, 'W/"1"']);
    const unless: Record<string, string>[] = [{ 'if-none-match': 'W/"1"' }, { 'if-modified-since': read.headers.get('last-modified') ?? '' }];
    for (const headers of unless) expect((await client.get(url, headers)).status).toBe(304);
    const head = await client.send('HEAD', url);
    expect([head.status, head.text, head.headers.get('etag')]).toEqual([200, '', 'W/"1"']);
    expect((await client.get(`${url}/_history/1`)).text).toBe(made.text);
    expect((await client.get(`${url}/_history/9`)).status).toBe(404);
    expect([await found('GET', type, id), await found('POST', type, id)]).toEqual([[id], [id]]);
    return url;
  };

  it.each(types.filter((type) => !EVIDENCE.includes(type)))('%s is created, read, changed, found and deleted', async (type) => {
    const made = await created(type);
    const url = await readsAs(type, made);
    const changed = `${made.text.slice(0, -1)},"implicitRules":"urn:x:changed"}`;
    const stale = await client.put(url, changed, { 'if-match': 'W/"7"' });
    expect(stale.status).toBe(412);
    const updated = await client.put<{ implicitRules?: string }>(url, changed, { 'if-match': 'W/"1"' });
    expect([updated.status, updated.headers.get('etag'), updated.body.implicitRules]).toEqual([200, 'W/"2"', 'urn:x:changed']);
    expect((await client.get(`${url}/_history/1`)).text).toBe(made.text);
    expect((await client.delete(url)).status).toBe(204);
    expect([(await client.get(url)).status, (await client.send('HEAD', url)).status, (await client.get(`${url}/_history/3`)).status]).toEqual([410, 410, 410]);
    const history = await client.get<Bundle>(`${url}/_history`);
    expect(history.body.entry?.map(({ request }) => request?.method)).toEqual(['DELETE', 'PUT', 'POST']);
    expect(await found('GET', type, made.body.id ?? '')).toEqual([]);
  });

  it.each(EVIDENCE)('%s is created and read, also under a name of the sender, and then stays', async (type) => {
    const made = await created(type);
    const url = await readsAs(type, made);
    const own = `/${type}/own-name`;
    const named = JSON.stringify({ ...made.body, id: 'own-name' });
    expect((await client.put(own, named)).status).toBe(201);
    for (const each of [url, own]) {
      const again = JSON.stringify({ ...made.body, id: each.replace(/.*\//, '') });
      const patch = await client.send('PATCH', each, '[{"op":"add","path":"/language","value":"en"}]', { 'content-type': 'application/json-patch+json' });
      expect([(await client.put(each, again)).status, patch.status, (await client.delete(each)).status, (await client.get(each)).headers.get('etag')]).toEqual([405, 405, 405, 'W/"1"']);
    }
  });

  it.each(['Parameters', 'OperationOutcome'])('%s is not kept', async (type) => {
    const body = type === 'Parameters' ? { resourceType: type } : { resourceType: type, issue: [{ severity: 'error', code: 'invalid' }] };
    const replies = [await client.post<OperationOutcome>(`/${type}`, body), await client.put<OperationOutcome>(`/${type}/a`, { ...body, id: 'a' }), await client.get<OperationOutcome>(`/${type}/a`), await client.get<OperationOutcome>(`/${type}`), await client.delete<OperationOutcome>(`/${type}/a`)];
    expect(replies.map(({ status, body: answer }) => [status, answer.resourceType])).toEqual(replies.map(() => [405, 'OperationOutcome']));
  });

  it('of a Subscription leaves the status to the server', async () => {
    const subscription = { resourceType: 'Subscription', reason: 'x', criteria: 'Observation?status=final', channel: { type: 'rest-hook', endpoint: 'http://127.0.0.1:9/none' } };
    const active = await client.post<OperationOutcome>('/Subscription', { ...subscription, status: 'active' });
    expect([active.status, active.body.issue[0]?.expression]).toEqual([422, ['Subscription.status']]);
  });
});

describe("the users of Medplum's own client", () => {
  it('find here what it expects', async () => {
    const medplum = new MedplumClient({ baseUrl: `${app.url}/`, fhirUrlPath: 'fhir', fetch, cacheTime: 0 });
    medplum.setAccessToken(client.authorization.replace('Bearer ', ''));
    const sent: Patient = { resourceType: 'Patient', identifier: [{ system: 'urn:medplum', value: '1' }], name: [{ family: 'Plum' }] };
    const { id, ...made } = await medplum.createResourceIfNoneExist(sent, 'identifier=urn:medplum|1');
    expect([made.meta?.versionId, (await medplum.createResourceIfNoneExist(sent, 'identifier=urn:medplum|1')).id]).toEqual(['1', id]);
    expect((await medplum.upsertResource({ ...sent, gender: 'female' }, 'identifier=urn:medplum|1')).id).toBe(id);
    expect((await medplum.patchResource('Patient', id, [{ op: 'add', path: '/active', value: true }])).meta?.versionId).toBe('3');
    expect((await medplum.readVersion('Patient', id, '1')).gender).toBeUndefined();
    expect((await medplum.readHistory('Patient', id)).total).toBe(3);
    expect((await medplum.readReference<Patient>({ reference: `Patient/${id}` })).active).toBe(true);
    expect((await medplum.searchOne('Patient', { identifier: 'urn:medplum|1', _sort: '-_lastUpdated', _total: 'accurate' }))?.id).toBe(id);
    const paged: string[] = [];
    for await (const page of medplum.searchResourcePages('Patient', '_count=2&name=plum')) paged.push(...page.map((each) => each.id));
    expect(paged).toEqual([id]);
    const entry: Bundle['entry'] = [{ request: { method: 'GET', url: `Patient/${id}` } }, { request: { method: 'GET', url: 'Patient/nobody' } }];
    expect((await medplum.executeBatch({ resourceType: 'Bundle', type: 'batch', entry })).entry?.map(({ response }) => response?.status)).toEqual(['200', '404']);
    const binary = await medplum.createBinary({ data: 'Plain words', contentType: 'text/plain', securityContext: { reference: `Patient/${id}` } });
    expect(await (await medplum.download(medplum.fhirUrl('Binary', binary.id).toString())).text()).toBe('Plain words');
    expect((await medplum.readPatientEverything(id)).entry?.[0]?.resource?.id).toBe(id);
    expect((await medplum.validateResource({ resourceType: 'Patient' })).issue.every(({ severity }) => severity !== 'error')).toBe(true);
    await medplum.deleteResource('Patient', id);
    await expect(medplum.readResource('Patient', id)).rejects.toMatchObject({ outcome: { issue: [{ code: 'deleted' }] } });
  });
});
