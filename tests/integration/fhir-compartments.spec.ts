import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Bundle, CapabilityStatement, OperationOutcome, Resource } from '@medplum/fhirtypes';
import { startTestApp, type TestApp } from '../support/app.js';
import { FhirClient } from '../support/fhir-client.js';
import { KnownResources } from '../support/fhir-records.js';

const EAST = '11111111-1111-4111-8111-111111111111';

describe('searching within a compartment', () => {
  let app: TestApp;
  let client: FhirClient;
  let known: KnownResources;
  let ids: KnownResources['ids'];

  const sorted = async (path: string): Promise<string[]> => (await known.search(path)).sort();
  const observation = (subject: string, code: string, more: object = {}): Resource => ({
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ code }] },
    subject: { reference: subject },
    ...more,
  });

  beforeAll(async () => {
    app = await startTestApp();
    client = new FhirClient(app, await app.asSystem('system/*.*'));
    known = new KnownResources(client);
    ids = known.ids;
    const anna = await known.make('anna', { resourceType: 'Patient', gender: 'female' });
    const ben = await known.make('ben', { resourceType: 'Patient', gender: 'male', link: [{ type: 'seealso', other: { reference: `Patient/${anna}` } }] });
    const doctor = await known.make('doctor', { resourceType: 'Practitioner' });
    const aunt = await known.make('aunt', { resourceType: 'RelatedPerson', patient: { reference: `Patient/${ben}` } });
    const pump = await known.make('pump', { resourceType: 'Device', patient: { reference: `Patient/${anna}` } });
    const visit = await known.make('visit', { resourceType: 'Encounter', status: 'finished', class: { code: 'AMB' }, subject: { reference: `Patient/${anna}` } });
    await known.make('pain', observation(`Patient/${anna}`, 'pain', { effectiveDateTime: '2024-05-01', performer: [{ reference: `Practitioner/${doctor}` }], encounter: { reference: `Encounter/${visit}` } }));
    await known.make('sleep', observation(`Patient/${anna}`, 'sleep', { effectiveDateTime: '2024-06-01', device: { reference: `Device/${pump}` }, meta: { tag: [{ code: 'diary' }] } }));
    // Said by Anna about Ben, so it belongs to the compartments of both.
    await known.make('worry', observation(`Patient/${ben}`, 'worry', { performer: [{ reference: `Patient/${anna}` }, { reference: `RelatedPerson/${aunt}` }] }));
    await known.make('condition', { resourceType: 'Condition', subject: { reference: `Patient/${anna}` }, asserter: { reference: `Practitioner/${doctor}` }, meta: { tag: [{ code: 'diary' }] } });
    // What was written about the creation of the patient belongs to them too.
    ids['origin'] = (await client.ids(`/Provenance?target=Patient/${anna}`))[0] ?? '';
    await known.make('goal', { resourceType: 'Goal', lifecycleStatus: 'active', description: { text: 'Walk' }, subject: { reference: `Patient/${ben}` } });
  });
  afterAll(() => app.stop());

  it.each([
    [() => `Patient/${ids['anna']}/Observation`, ['pain', 'sleep', 'worry']],
    [() => `Patient/${ids['anna']}/Observation?code=pain,worry`, ['pain', 'worry']],
    [() => `Patient/${ids['anna']}/Observation?patient=${ids['ben']}`, ['worry']],
    [() => `Patient/${ids['anna']}/Observation?date=ge2024-05-15`, ['sleep']],
    [() => `Patient/${ids['anna']}/Condition`, ['condition']],
    [() => `Patient/${ids['anna']}/Goal`, []],
    [() => `Patient/${ids['anna']}/Patient`, ['anna', 'ben']],
    [() => `Patient/nobody/Observation`, []],
    [() => `Encounter/${ids['visit']}/Observation`, ['pain']],
    [() => `Encounter/${ids['visit']}/Encounter`, ['visit']],
    [() => `RelatedPerson/${ids['aunt']}/Observation`, ['worry']],
    [() => `Practitioner/${ids['doctor']}/Condition`, ['condition']],
    [() => `Device/${ids['pump']}/Observation`, ['sleep']],
  ])('of one type: case %#', async (path, expected) => {
    expect(await sorted(`/${path()}`)).toEqual(expected);
  });

  it.each([
    [() => `Patient/${ids['anna']}/*`, ['anna', 'ben', 'condition', 'origin', 'pain', 'sleep', 'visit', 'worry']],
    [() => `Patient/${ids['anna']}/*?_type=Observation,Condition,Organization`, ['condition', 'pain', 'sleep', 'worry']],
    [() => `Patient/${ids['anna']}/*?_type=Observation,Condition&code=pain`, ['pain']],
    [() => `Patient/${ids['anna']}/*?_tag=diary`, ['condition', 'sleep']],
    [() => `Patient/${ids['anna']}/*?_type=Organization`, []],
    [() => `Encounter/${ids['visit']}/*`, ['pain', 'visit']],
    [() => `RelatedPerson/${ids['aunt']}/*`, ['aunt', 'worry']],
    [() => `Practitioner/${ids['doctor']}/*`, ['condition', 'doctor', 'pain']],
    [() => `Device/${ids['pump']}/*`, ['pump', 'sleep']],
  ])('of all types: case %#', async (path, expected) => {
    expect(await sorted(`/${path()}`)).toEqual(expected);
  });

  it('gives pages whose links stay within it, in any order asked for', async () => {
    const path = `/Patient/${ids['anna']}/*`;
    const whole = await known.search(path);
    expect(await known.search(`${path}?_count=2`)).toEqual(whole);
    expect(await known.search(`${path}?_count=3&_sort=-_lastUpdated`)).toHaveLength(whole.length);
    const { body } = await client.get<Bundle>(`${path}?_count=2&_total=accurate&_type=Observation`);
    const link = (relation: string) => body.link?.find((each) => each.relation === relation)?.url ?? '';
    expect(body.total).toBe(3);
    expect(link('self')).toBe(`${app.url}/fhir/Patient/${ids['anna']}/*?_type=Observation&_count=2&_total=accurate`);
    expect(link('next')).toMatch(`${app.url}/fhir/Patient/${ids['anna']}/*?_type=Observation&_count=2`);
    const one = await client.get<Bundle>(`/Patient/${ids['anna']}/Observation?_count=1`);
    expect(one.body.link?.map(({ url }) => url)).toEqual([`${app.url}/fhir/Patient/${ids['anna']}/Observation?_count=1`, expect.stringMatching(`/Patient/${ids['anna']}/Observation\\?_count=1&_cursor=`)]);
  });

  it('brings along, abridges, and is asked by POST or within a batch like any other search', async () => {
    const { body } = await client.get<Bundle>(`/Patient/${ids['anna']}/*?_type=Observation&code=pain&_include=Observation:performer&_elements=code`);
    expect(body.entry?.map(({ resource, search }) => [resource?.resourceType, search?.mode])).toEqual([['Observation', 'match'], ['Practitioner', 'include']]);
    expect(body.entry?.[0]?.resource).not.toHaveProperty('subject');
    const posted = await client.send<Bundle>('POST', `/Patient/${ids['anna']}/Observation/_search`, 'code=sleep', { 'content-type': 'application/x-www-form-urlencoded' });
    expect(posted.body.entry?.map(({ resource }) => resource?.id)).toEqual([ids['sleep']]);
    const batch = await client.post<Bundle>('', { resourceType: 'Bundle', type: 'batch', entry: [{ request: { method: 'GET', url: `Patient/${ids['anna']}/Condition?_summary=count` } }] });
    expect(batch.body.entry?.[0]?.resource).toMatchObject({ resourceType: 'Bundle', total: 1 });
  });

  it('shows of each type what the scopes cover', async () => {
    const as = async (...scopes: string[]) => new FhirClient(app, await app.asSystem(scopes.join(' ')));
    const names = async (caller: FhirClient, path: string) => known.named(await caller.ids(path)).sort();
    const narrow = await as('system/Observation.rs?code=pain', 'system/Condition.rs', 'system/Encounter.r');
    expect(await names(narrow, `/Patient/${ids['anna']}/*`)).toEqual(['condition', 'pain']);
    expect(await names(narrow, `/Patient/${ids['anna']}/Observation`)).toEqual(['pain']);
    expect((await narrow.get(`/Patient/${ids['anna']}/Goal`)).status).toBe(403);
    expect((await narrow.get(`/Patient/${ids['anna']}/*?_type=Observation,Goal`)).status).toBe(403);
    expect((await (await as('system/Organization.rs')).get(`/Patient/${ids['anna']}/*`)).status).toBe(403);
    const east = new FhirClient(app, await app.asSystem('system/*.*', { connectionId: EAST }));
    expect(await east.ids(`/Patient/${ids['anna']}/*`)).toEqual([]);
  });

  it.each([
    ['Patient/1/Organization', 400],
    ['Patient/1/*?_type=Nonsense', 400],
    ['Patient/1/Nonsense', 404],
    ['Organization/1/Observation', 404],
    ['Patient/1/Observation/2', 404],
    ['Patient/1/*?code=x&_type=Observation,Patient', 400],
  ])('refuses %s', async (path, status) => {
    const reply = await client.get<OperationOutcome>(`/${path}`, { prefer: 'handling=strict' });
    expect([reply.status, reply.body.issue?.[0]?.severity]).toEqual([status, 'error']);
  });

  it('is offered for the five compartments of R4', async () => {
    const { body } = await client.get<CapabilityStatement>('/metadata');
    expect(body.rest?.[0]?.compartment).toEqual(['patient', 'encounter', 'relatedPerson', 'practitioner', 'device'].map((name) => `http://hl7.org/fhir/CompartmentDefinition/${name}`));
  });
});
