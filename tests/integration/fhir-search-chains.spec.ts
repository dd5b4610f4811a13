import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Observation, OperationOutcome } from '@medplum/fhirtypes';
import { startTestApp, type TestApp } from '../support/app.js';
import { FhirClient } from '../support/fhir-client.js';
import { KnownResources } from '../support/fhir-records.js';

const EAST = '11111111-1111-4111-8111-111111111111';
const WEST = '22222222-2222-4222-8222-222222222222';

describe('searching through references', () => {
  let app: TestApp;
  let client: FhirClient;
  let known: KnownResources;
  let ids: KnownResources['ids'];

  const sorted = async (path: string): Promise<string[]> => (await known.search(path)).sort();
  const pain = (patient: string, encounter?: string): Observation => ({
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ code: 'pain' }] },
    subject: { reference: `Patient/${patient}` },
    ...(encounter ? { encounter: { reference: `Encounter/${encounter}` } } : {}),
  });

  beforeAll(async () => {
    app = await startTestApp();
    client = new FhirClient(app, await app.asSystem('system/*.*'));
    known = new KnownResources(client);
    ids = known.ids;
    const network = await known.make('network', { resourceType: 'Organization', name: 'Network' });
    const hospital = await known.make('hospital', { resourceType: 'Organization', name: 'Hospital', partOf: { reference: `Organization/${network}` } });
    const anna = await known.make('anna', { resourceType: 'Patient', name: [{ family: 'Long' }], managingOrganization: { reference: `Organization/${hospital}` } });
    const ben = await known.make('ben', { resourceType: 'Patient', name: [{ family: 'Short' }] });
    const visit = await known.make('visit', { resourceType: 'Encounter', status: 'finished', class: { code: 'AMB' }, subject: { reference: `Patient/${anna}` } });
    await known.make('anna-pain', pain(anna, visit));
    await known.make('ben-pain', pain(ben));
    await known.make('list', { resourceType: 'List', status: 'current', mode: 'working', entry: [{ item: { reference: `Patient/${ben}` } }, { item: { reference: `Observation/${ids['ben-pain']}` } }] });
  });
  afterAll(() => app.stop());

  it.each([
    ['Observation?patient.name=long', ['anna-pain']],
    ['Observation?subject:Patient.family:exact=Short', ['ben-pain']],
    ['Observation?subject.name=long', ['anna-pain']],
    ['Observation?patient.organization.name=hosp', ['anna-pain']],
    ['Observation?patient.organization.partof.name=net', ['anna-pain']],
    ['Observation?patient.organization.partof.name=hosp', []],
    ['Observation?encounter.status=finished&code=pain', ['anna-pain']],
    ['Observation?patient.organization:missing=true', ['ben-pain']],
    ['Observation?patient.name:not-there=x', null],
    ['Patient?_has:Observation:patient:code=pain', ['anna', 'ben']],
    ['Patient?_has:Observation:patient:encounter.status=finished', ['anna']],
    ['Patient?_has:Observation:subject:_has:Group:member:name=x', null],
    ['Organization?_has:Patient:organization:_has:Observation:patient:code=pain', ['hospital']],
    ['Organization?_has:Patient:organization:name=short', []],
    ['Observation?patient._has:Encounter:patient:status=finished', ['anna-pain']],
  ])('%s', async (path, expected) => {
    if (expected) expect(await sorted(`/${path}`)).toEqual(expected);
    else expect((await client.get(`/${path}`)).status).toBe(400);
  });

  it('finds by id what a chain leads to, and what a List names', async () => {
    expect(await sorted(`/Observation?patient._id=${ids['ben']}`)).toEqual(['ben-pain']);
    expect(await sorted(`/Patient?_list=${ids['list']}`)).toEqual(['ben']);
    expect(await sorted(`/Observation?_list=${ids['list']}&code=pain`)).toEqual(['ben-pain']);
    expect(await sorted('/Patient?_list=nothing')).toEqual([]);
  });

  it.each([
    'Observation?code.name=x',
    'Observation?subject:Nothing.name=x',
    'Observation?patient.birthdate=yesterday',
    'Provenance?target.status=x',
    `Organization?${'partof.'.repeat(6)}name=x`,
    `Organization?${'_has:Organization:partof:'.repeat(6)}name=x`,
    'Patient?_has:Observation=x',
    'Patient?_has:Observation:patient=x',
    'Patient?_has:Observation:code:status=x',
    'Patient?_has:Nothing:patient:status=x',
    'Patient?_has:Observation:device:status=x',
    'Patient?_has:Observation:patient:colour=red',
    'Patient?_list=$current-problems',
    `Observation?${Array.from({ length: 60 }, () => 'patient.name=x').join('&')}`,
  ])('refuses %s', async (path) => {
    const reply = await client.get<OperationOutcome>(`/${path}`);
    expect([reply.status, reply.body.issue?.[0]?.severity]).toEqual([400, 'error']);
  });

  it('reports a chain to a parameter that no type knows', async () => {
    expect((await client.get('/Observation?patient.colour=red', { prefer: 'handling=strict' })).status).toBe(400);
    expect((await client.get('/Observation?patient.colour=red')).text).toContain('patient.colour');
  });

  it('looks through nothing that the caller may not see', async () => {
    const only = async (...scopes: string[]) => new FhirClient(app, await app.asSystem(scopes.join(' ')));
    const observations = await only('system/Observation.rs');
    expect(await observations.ids('/Observation?patient.name=long')).toEqual([]);
    expect(await observations.ids('/Observation?code=pain')).toHaveLength(2);
    const patients = await only('system/Patient.rs');
    expect(await patients.ids('/Patient?_has:Observation:patient:code=pain')).toEqual([]);
    expect(await patients.ids(`/Patient?_list=${ids['list']}`)).toEqual([]);
    const narrow = await only('system/Observation.rs', 'system/Patient.rs?name=short');
    expect(await narrow.ids('/Observation?patient.name=long,short')).toEqual([ids['ben-pain']]);
    const narrowed = await only('system/Patient.rs', 'system/Observation.rs?code=other');
    expect(await narrowed.ids('/Patient?_has:Observation:patient:code=pain')).toEqual([]);
    const chained = await only('system/Observation.rs?patient.name=short');
    expect(await chained.ids('/Observation')).toEqual([ids['ben-pain']]);
  });

  it('looks through nothing that belongs to another hospital', async () => {
    const east = new FhirClient(app, await app.asSystem('system/*.*', { connectionId: EAST }));
    const west = new FhirClient(app, await app.asSystem('system/*.*', { connectionId: WEST }));
    const eastern = await east.create({ resourceType: 'Patient', name: [{ family: 'Eastern' }] });
    const seen = await east.create(pain(eastern));
    expect(await east.ids('/Observation?patient.name=eastern')).toEqual([seen]);
    expect(await east.ids('/Patient?_has:Observation:patient:code=pain')).toEqual([eastern]);
    expect(await west.ids('/Observation?patient.name=eastern')).toEqual([]);
    expect(await west.ids('/Patient?_has:Observation:patient:code=pain')).toEqual([]);
  });
});
