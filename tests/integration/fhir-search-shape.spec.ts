import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Bundle, Observation, OperationOutcome, Patient } from '@medplum/fhirtypes';
import { startTestApp, type TestApp } from '../support/app.js';
import { FhirClient } from '../support/fhir-client.js';
import { KnownResources } from '../support/fhir-records.js';

describe('what a search answers', () => {
  let app: TestApp;
  let client: FhirClient;
  let known: KnownResources;
  let ids: KnownResources['ids'];

  const byMode = async (path: string, as = client): Promise<{ match: string[]; include: string[]; notes: string[] }> => {
    const { body } = await as.get<Bundle>(path);
    const of = (mode: string) => (body.entry ?? []).filter(({ search }) => search?.mode === mode);
    const names = (mode: string) => known.named(of(mode).map(({ resource }) => resource?.id ?? '')).sort();
    const notes = of('outcome').flatMap(({ resource }) => (resource as OperationOutcome).issue.map(({ diagnostics }) => diagnostics ?? ''));
    return { match: names('match'), include: names('include'), notes };
  };
  const first = async <T>(path: string): Promise<T> => (await client.get<Bundle>(path)).body.entry?.[0]?.resource as T;

  beforeAll(async () => {
    app = await startTestApp();
    client = new FhirClient(app, await app.asSystem('system/*.*'));
    known = new KnownResources(client);
    ids = known.ids;
    let above: string | undefined;
    for (let level = 0; level < 8; level++) {
      above = await known.make(`level-${level}`, { resourceType: 'Organization', name: `Level ${level}`, ...(above ? { partOf: { reference: `Organization/${above}` } } : {}) });
    }
    const anna = await known.make('anna', {
      resourceType: 'Patient',
      meta: { tag: [{ system: 'urn:tags', code: 'pilot' }] },
      text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">Anna</div>' },
      name: [{ family: 'Long' }],
      birthDate: '1970-05-17',
      maritalStatus: { text: 'single' },
      contact: [{ name: { family: 'Next' } }],
      managingOrganization: { reference: `Organization/${ids['level-2']}` },
    });
    const doctor = await known.make('doctor', { resourceType: 'Practitioner', name: [{ family: 'Doctor' }] });
    await client.put(
      `/Observation/pressure`,
      `{"resourceType":"Observation","id":"pressure","status":"final","code":{"text":"pressure"},"subject":{"reference":"Patient/${anna}"},"performer":[{"reference":"Practitioner/${doctor}"}],"valueQuantity":{"value":1.10},"note":[{"text":"said so"}],"component":[{"code":{"text":"upper"},"valueQuantity":{"value":1.0e2},"referenceRange":[{"text":"low"}]}]}`,
    );
    ids['pressure'] = 'pressure';
  });
  afterAll(() => app.stop());

  describe('along with the matches', () => {
    it('follows :iterate from what was included, but no rule without it', async () => {
      const rule = 'Observation?_id=pressure&_include=Observation:patient&_include';
      expect(await byMode(`/${rule}=Patient:organization`)).toMatchObject({ match: ['pressure'], include: ['anna'] });
      expect(await byMode(`/${rule}:iterate=Patient:organization`)).toMatchObject({ include: ['anna', 'level-2'] });
      expect(await byMode(`/${rule}:iterate=Patient:organization&_include:iterate=Organization:partof`)).toEqual({ match: ['pressure'], include: ['anna', 'level-0', 'level-1', 'level-2'], notes: [] });
      expect(await byMode(`/Organization?_id=${ids['level-2']}&_revinclude=Patient:organization&_revinclude:iterate=Observation:patient`)).toMatchObject({ include: ['anna', 'pressure'] });
      expect(await byMode('/Observation?_id=pressure&_include=*')).toMatchObject({ include: ['anna', 'doctor'] });
    });

    it('stops :iterate at its bound and says so', async () => {
      const { include, notes } = await byMode(`/Organization?_id=${ids['level-7']}&_include:iterate=Organization:partof`);
      expect(include).toEqual(['level-1', 'level-2', 'level-3', 'level-4', 'level-5', 'level-6']);
      expect(notes).toEqual([expect.stringContaining(':iterate')]);
      expect((await byMode(`/Organization?_id=${ids['level-4']}&_include:iterate=Organization:partof`)).notes).toEqual([]);
    });

    it('includes nothing that the caller may not see', async () => {
      const narrow = new FhirClient(app, await app.asSystem('system/Observation.rs system/Organization.rs'));
      expect(await byMode('/Observation?_id=pressure&_include=Observation:patient&_include:iterate=Patient:organization', narrow)).toEqual({ match: ['pressure'], include: [], notes: [] });
    });
  });

  describe('of each resource', () => {
    it('is the summary, as the definitions mark it, digit by digit', async () => {
      const reply = await client.get<Bundle>('/Observation?_id=pressure&_summary=true');
      const observation = reply.body.entry?.[0]?.resource as Observation;
      expect(Object.keys(observation).sort()).toEqual(['code', 'component', 'id', 'meta', 'performer', 'resourceType', 'status', 'subject', 'valueQuantity']);
      expect(Object.keys(observation.component?.[0] ?? {})).toEqual(['code', 'valueQuantity']);
      expect(reply.text).toContain('"value":1.10');
      expect(reply.text).toContain('"value":1.0e2');
      expect(observation.meta?.tag).toEqual([expect.objectContaining({ code: 'SUBSETTED' })]);
      expect(reply.body.link?.[0]?.url).toContain('_summary=true');
    });

    it('is the text, the data, or the elements named, with what is mandatory', async () => {
      const path = `/Patient?_id=${ids['anna']}`;
      expect(Object.keys(await first<Patient>(`${path}&_summary=text`)).sort()).toEqual(['id', 'meta', 'resourceType', 'text']);
      expect(Object.keys(await first<Patient>(`${path}&_summary=data`))).not.toContain('text');
      expect(Object.keys(await first<Patient>(`${path}&_summary=false`))).toContain('contact');
      const some = await first<Patient>(`${path}&_elements=birthDate,name`);
      expect(Object.keys(some).sort()).toEqual(['birthDate', 'id', 'meta', 'name', 'resourceType']);
      expect(some.meta?.tag?.map(({ code }) => code)).toEqual(['pilot', 'SUBSETTED']);
      expect(Object.keys(await first<Observation>('/Observation?_id=pressure&_elements=value')).sort()).toEqual(['code', 'id', 'meta', 'resourceType', 'status', 'valueQuantity']);
    });

    it.each(['Patient?_summary=most', 'Patient?_elements=shoeSize', 'Patient?_include:sometimes=Patient:link', `Patient?${'_include=Patient:link&'.repeat(21)}`])('refuses %s', async (path) => {
      const reply = await client.get(`/${path}`, { prefer: 'handling=strict' });
      expect(reply.status).toBe(400);
    });
  });
});
