import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Bundle, Observation, OperationOutcome, Resource } from '@medplum/fhirtypes';
import { FhirStore, sharePatient } from '@cairn/fhir';
import { startTestApp, type TestApp } from '../support/app.js';
import { FhirClient, type FhirReply } from '../support/fhir-client.js';

const EAST = '11111111-1111-4111-8111-111111111111';
const WEST = '22222222-2222-4222-8222-222222222222';

type Entry = NonNullable<Bundle['entry']>[number];

const named = ({ resource }: Entry): string => `${resource?.resourceType}/${resource?.id}`;
const modeOf = (entries: readonly Entry[], mode: string): string[] => entries.filter(({ search }) => search?.mode === mode).map(named);

/** All pages of a patient's record, each as it came. */
async function pages(client: FhirClient, path: string): Promise<Entry[][]> {
  const all: Entry[][] = [];
  for (let next: string | undefined = path; next !== undefined; ) {
    const { status, text, body }: FhirReply<Bundle> = await client.get<Bundle>(next);
    if (status !== 200) throw new Error(`${status}: ${text}`);
    all.push(body.entry ?? []);
    next = body.link?.find(({ relation }) => relation === 'next')?.url.replace(/^.*\/fhir/, '');
  }
  return all;
}

describe('Patient/$everything', () => {
  let app: TestApp;
  let clinic: FhirClient;
  let east: FhirClient;
  let west: FhirClient;
  let anna: string;
  let ben: string;
  /** Names of what belongs to Anna's compartment, and of what that leads to. */
  const members: string[] = [];
  const referred: string[] = [];
  const name = (resource: Resource, id: string): string => `${resource.resourceType}/${id}`;

  const observation = (patient: string, more: Partial<Observation> = {}): Observation => ({
    resourceType: 'Observation',
    status: 'final',
    category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'survey' }] }],
    code: { coding: [{ system: 'http://loinc.org', code: '72514-3' }] },
    subject: { reference: `Patient/${patient}` },
    ...more,
  });

  beforeAll(async () => {
    app = await startTestApp();
    clinic = new FhirClient(app, await app.asSystem('system/*.cruds'));
    east = new FhirClient(app, await app.asSystem('system/*.cruds', { connectionId: EAST }));
    west = new FhirClient(app, await app.asSystem('system/*.cruds', { connectionId: WEST }));
    const make = async (list: string[], resource: Resource): Promise<string> => {
      const id = await east.create(resource);
      list.push(name(resource, id));
      return id;
    };
    ben = await east.create({ resourceType: 'Patient', name: [{ family: 'Benson' }] });
    anna = await make(members, { resourceType: 'Patient', name: [{ family: 'Annson' }] });
    const organization = await make(referred, { resourceType: 'Organization', name: 'Maker' });
    const doctor = await make(referred, { resourceType: 'Practitioner', name: [{ family: 'Doctor' }] });
    const role = await make(referred, { resourceType: 'PractitionerRole', practitioner: { reference: `Practitioner/${doctor}` } });
    const medication = await make(referred, { resourceType: 'Medication', code: { text: 'x' }, manufacturer: { reference: `Organization/${organization}` } });
    const room = await make(referred, { resourceType: 'Location', name: 'Room' });
    await make(members, observation(anna, { performer: [{ reference: `PractitionerRole/${role}` }], valueQuantity: { value: 7 } }));
    await make(members, { resourceType: 'MedicationRequest', status: 'active', intent: 'order', medicationReference: { reference: `Medication/${medication}` }, subject: { reference: `Patient/${anna}` } });
    await make(members, { resourceType: 'Appointment', status: 'proposed', participant: [{ actor: { reference: `Patient/${anna}` }, status: 'accepted' }, { actor: { reference: `Location/${room}` }, status: 'accepted' }] });
    await make(members, { resourceType: 'Group', type: 'person', actual: true, member: [{ entity: { reference: `Patient/${anna}` } }, { entity: { reference: `Patient/${ben}` } }] });
    for (let number = 0; number < 12; number++) await make(members, observation(anna, { effectiveDateTime: `2024-05-${10 + number}` }));
    // About Ben, and only mentioning Anna: not hers.
    await east.create(observation(ben, { focus: [{ reference: `Patient/${anna}` }] }));
    await east.create({ resourceType: 'Practitioner', name: [{ family: 'Nobody refers to' }] });
    // The Provenances of the requests that wrote it are the patient's too.
    members.push(...(await east.ids(`/Provenance?patient=${anna}`)).map((id) => `Provenance/${id}`));
  });
  afterAll(() => app.stop());

  it('answers the whole record, the patient first, and what it refers to', async () => {
    const [entries = [], ...more] = await pages(clinic, `/Patient/${anna}/$everything`);
    expect(more).toEqual([]);
    expect(named(entries[0] ?? {})).toBe(`Patient/${anna}`);
    expect(modeOf(entries, 'match').sort()).toEqual([...members].sort());
    expect(modeOf(entries, 'include').sort()).toEqual([...referred].sort());
    expect(entries[0]?.fullUrl).toBe(`${app.url}/fhir/Patient/${anna}`);
  });

  it('answers resources as they are stored, digit by digit', async () => {
    const text = JSON.stringify(observation(anna)).replace('"status"', '"valueQuantity":{"value":1.10},"status"');
    const { body } = await clinic.post('/Observation', text);
    const answer = await clinic.get(`/Patient/${anna}/$everything?_type=Observation`);
    expect(answer.text).toContain('"value":1.10');
    await clinic.delete(`/Observation/${body.id}`);
    expect((await clinic.get(`/Patient/${anna}/$everything?_type=Observation`)).text).not.toContain('"value":1.10');
  });

  it.each([1, 3, 7, 18])('neither skips nor repeats anything in pages of %i, while others write', async (count) => {
    const passing = await east.create(observation(anna));
    const seen: string[] = [];
    for (let next: string | undefined = `/Patient/${anna}/$everything?_count=${count}`; next !== undefined; ) {
      const { body }: FhirReply<Bundle> = await clinic.get<Bundle>(next);
      expect((body.entry ?? []).length).toBeLessThanOrEqual(count);
      seen.push(...(body.entry ?? []).map(named));
      next = body.link?.find(({ relation }) => relation === 'next')?.url.replace(/^.*\/fhir/, '');
      const observed = members.find((each) => each.startsWith('Observation/')) ?? '';
      const { body: current } = await east.get<Observation>(`/${observed}`);
      await east.put(`/${observed}`, { ...current, note: [{ text: `${count} ${seen.length}` }] });
    }
    await east.delete(`/Observation/${passing}`);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(expect.arrayContaining([...members, ...referred]));
  });

  it('narrows by type and by time', async () => {
    const only = (await pages(clinic, `/Patient/${anna}/$everything?_type=MedicationRequest,Medication`)).flat().map(named);
    expect(only.sort()).toEqual([...members, ...referred].filter((each) => /^Medication/.test(each)).sort());
    const before = new Date(Date.now() + 3_600_000).toISOString();
    expect((await pages(clinic, `/Patient/${anna}/$everything?_since=${before}`)).flat()).toEqual([]);
    expect((await pages(clinic, `/Patient/${anna}/$everything?_since=2000`)).flat().length).toBeGreaterThanOrEqual(members.length + referred.length);
    const posted = await clinic.post<Bundle>(`/Patient/${anna}/$everything`, { resourceType: 'Parameters', parameter: [{ name: '_type', valueCode: 'Location' }] });
    expect(posted.body.entry?.map(named)).toEqual(referred.filter((each) => each.startsWith('Location/')));
  });

  it('narrows by the date of care, and leaves out nothing that has none', async () => {
    const dates = async (query: string): Promise<string[]> =>
      (await pages(clinic, `/Patient/${anna}/$everything?_type=Observation&${query}`)).flat().map(({ resource }) => (resource as Observation).effectiveDateTime?.slice(8) ?? 'none').sort();
    expect(await dates('start=2024-05-19')).toEqual(['19', '20', '21', 'none']);
    expect(await dates('end=2024-05-11')).toEqual(['10', '11', 'none']);
    expect(await dates('start=2024-05-12&end=2024-05-13&_count=1')).toEqual(['12', '13', 'none']);
    const whole = (await pages(clinic, `/Patient/${anna}/$everything?start=2030`)).flat();
    expect(named(whole[0] ?? {})).toBe(`Patient/${anna}`);
    expect(modeOf(whole, 'include')).toEqual(expect.arrayContaining(referred));
    const wrong = await clinic.get<OperationOutcome>(`/Patient/${anna}/$everything?start=soon`);
    expect([wrong.status, wrong.body.issue[0]?.expression]).toEqual([400, ['start']]);
  });

  it('gives each caller what its scopes cover, of the members and of what they refer to', async () => {
    const narrow = new FhirClient(app, await app.asSystem('system/Patient.rs system/Observation.rs?date=ge2024-05-15 system/Practitioner.r'));
    const got = (await pages(narrow, `/Patient/${anna}/$everything`)).flat();
    expect(got.filter(({ resource }) => resource?.resourceType === 'Observation')).toHaveLength(7);
    expect([...new Set(got.map(({ resource }) => resource?.resourceType))].sort()).toEqual(['Observation', 'Patient']);
    const none = new FhirClient(app, await app.asSystem('system/Observation.rs'));
    expect((await none.get(`/Patient/${anna}/$everything`)).status).toBe(403);
    const coordinator = new FhirClient(app, await app.as('coordinator'));
    expect((await coordinator.get(`/Patient/${anna}/$everything`)).status).toBe(200);
    expect((await new FhirClient(app, await app.as('hospital-it')).get(`/Patient/${anna}/$everything`)).status).toBe(403);
  });

  it('tells a hospital nothing of a patient who is not shared with it, and no more than it may see of one who is', async () => {
    const theirs = await west.get<OperationOutcome>(`/Patient/${anna}/$everything`);
    const nobody = await west.get<OperationOutcome>('/Patient/01890000-0000-7000-8000-000000000000/$everything');
    expect([theirs.status, theirs.body.issue[0]?.code]).toEqual([nobody.status, nobody.body.issue[0]?.code]);
    expect(theirs.status).toBe(404);
    const house = await app.transactions.run(app.scope(), async (tx) => {
      await sharePatient(tx, WEST, anna);
      return app.get(FhirStore).create(tx, { resourceType: 'Organization', name: 'The clinic' });
    });
    const own = await west.create(observation(anna, { performer: [{ reference: `Organization/${house.id}` }] }));
    const got = (await pages(west, `/Patient/${anna}/$everything`)).flat().map(named);
    expect(got).toEqual(expect.arrayContaining([`Patient/${anna}`, `Observation/${own}`, `Organization/${house.id}`]));
    // The group names Ben too, who stays unknown here; the east's own doctor, medicine and room belong to no patient.
    expect(got.filter((each) => /^(Group|Practitioner|PractitionerRole|Medication|Location)\//.test(each))).toEqual([]);
    expect(JSON.stringify(got)).not.toContain(ben);
  });

  it('leaves a trace of everything that was answered', async () => {
    await clinic.get(`/Patient/${anna}/$everything`);
    const rows = await app.transactions.read(app.scope(), (tx) =>
      tx.query<{ entities: string[]; patients: string[] }>(`select entities, patients from audit where what = 'fhir.$everything' order by recorded_at desc limit 1`),
    );
    expect(rows[0]?.entities).toEqual(expect.arrayContaining([...members, ...referred]));
    expect(rows[0]?.patients).toContain(anna);
  });

  it.each([
    ['_count=0', '_count'],
    ['_since=yesterday', '_since'],
    ['_type=Nothing', '_type'],
    ['_cursor=x', '_cursor'],
    ['_cursor=WyInIl0', '_cursor'],
    ['_cursor=WyJPYnNlcnZhdGlvbiIsMWUzMDBd', '_cursor'],
  ])('refuses %s and names the parameter', async (query, parameter) => {
    const { status, body } = await clinic.get<OperationOutcome>(`/Patient/${anna}/$everything?${query}`);
    expect([status, body.issue[0]?.expression]).toEqual([400, [parameter]]);
  });

  it('says which parameters it passed over, and refuses them when asked to be strict', async () => {
    const { body } = await clinic.get<Bundle>(`/Patient/${anna}/$everything?colour=red&_type=Patient`);
    expect(body.entry?.at(-1)?.search?.mode).toBe('outcome');
    expect((await clinic.get(`/Patient/${anna}/$everything?colour=red`, { prefer: 'handling=strict' })).status).toBe(400);
  });

  it('is offered for one patient, by GET and POST', async () => {
    const forAll = await clinic.get<OperationOutcome>('/Patient/$everything');
    expect([forAll.status, forAll.body.issue[0]?.diagnostics]).toEqual([405, expect.stringContaining('Patient/$export')]);
    expect((await clinic.get(`/Observation/${anna}/$everything`)).status).toBe(405);
    expect((await clinic.put(`/Patient/${anna}/$everything`, { resourceType: 'Parameters' })).status).toBe(405);
    const { body } = await clinic.get<Resource>('/metadata');
    expect(JSON.stringify(body)).toContain('http://hl7.org/fhir/OperationDefinition/Patient-everything');
  });

  it('reads no table from end to end', async () => {
    const plans = await app.transactions.read(app.scope(), async (tx) => {
      await tx.query('set local enable_seqscan = off');
      return tx.query<{ 'QUERY PLAN': string }>(
        `explain (costs off) select r.seq from (
          (select r.* from fhir_resource r where r.clinic_id = $1 and r.method <> 'DELETE' and r.resource_type = any($2::text[]) and (r.resource_type, r.seq) > ('Observation', 5::bigint) and r.patient = 7 and $3 = any(r.patient_ids) order by r.resource_type, r.seq limit 10)
          union all
          (select r.* from fhir_resource r where r.clinic_id = $1 and r.method <> 'DELETE' and r.resource_type = any($2::text[]) and (r.resource_type, r.seq) > ('Observation', 5::bigint)
            and r.seq in (select t.seq from fhir_reference t where t.clinic_id = $1 and t.source = any($4::int[]) and t.target = $5) order by r.resource_type, r.seq limit 10)
        ) r order by r.resource_type, r.seq limit 10`,
        [app.clinicId, ['Observation', 'Task'], anna, [1, 2], `Patient/${anna}`],
      );
    });
    const text = plans.map((row) => row['QUERY PLAN']).join('\n');
    expect(text).toContain('fhir_resource_patient');
    expect(text).toContain('fhir_reference_target');
    expect(text).not.toContain('Seq Scan');
  });
});
