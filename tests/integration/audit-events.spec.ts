import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AuditEvent, Bundle, Observation, Resource } from '@medplum/fhirtypes';
import { startTestApp, type TestApp } from '../support/app.js';
import { FhirClient, type FhirReply } from '../support/fhir-client.js';
import { RestClient } from '../support/rest-client.js';

const EAST = '11111111-1111-4111-8111-111111111111';
const WEST = '22222222-2222-4222-8222-222222222222';

const eventsOf = (bundle: Bundle): AuditEvent[] => (bundle.entry ?? []).flatMap(({ resource, search }) => (resource?.resourceType === 'AuditEvent' && search?.mode === 'match' ? [resource] : []));
const actOf = ({ subtype = [] }: AuditEvent): string | undefined => subtype.find(({ system }) => system === 'urn:cairn:act')?.code;

describe('AuditEvents', () => {
  let app: TestApp;
  let east: FhirClient;
  let west: FhirClient;
  let auditor: FhirClient;
  let clinician: FhirClient;
  let anna: string;
  let pain: string;

  const observation = (patient: string): Observation => ({ resourceType: 'Observation', status: 'final', code: { text: 'pain' }, subject: { reference: `Patient/${patient}` } });
  const foreign = (recorded: string, patient = anna): AuditEvent => ({
    resourceType: 'AuditEvent',
    type: { system: 'http://dicom.nema.org/resources/ontology/DCM', code: '110112' },
    action: 'R',
    recorded,
    outcome: '0',
    agent: [{ requestor: true, name: 'Foreign' }],
    source: { observer: { display: 'Elsewhere' } },
    entity: [{ what: { reference: `Patient/${patient}` } }],
  });
  const find = async (query: string, client = auditor): Promise<AuditEvent[]> => {
    const reply = await client.get<Bundle>(`/AuditEvent?${query}`);
    if (reply.status !== 200) throw new Error(`${reply.status} ${reply.text}`);
    return eventsOf(reply.body);
  };

  beforeAll(async () => {
    app = await startTestApp();
    east = new FhirClient(app, await app.asSystem('system/*.*', { connectionId: EAST, clientId: 'east' }));
    west = new FhirClient(app, await app.asSystem('system/*.*', { connectionId: WEST, clientId: 'west' }));
    auditor = new FhirClient(app, await app.as('auditor'));
    clinician = new FhirClient(app, await app.as('clinician'));
    anna = await east.create({ resourceType: 'Patient', name: [{ family: 'Secret' }] });
    pain = await east.create(observation(anna));
    await west.create({ resourceType: 'Patient', name: [{ family: 'Westley' }] });
    await clinician.get(`/Observation/${pain}`);
  });
  afterAll(() => app.stop());

  it('tell of every access: who, what, of whom, and what came of it', async () => {
    const [read] = await find(`patient=${anna}&action=R&agent:identifier=urn:cairn:user|demo-clinician`);
    expect(read).toMatchObject({
      resourceType: 'AuditEvent',
      type: { code: 'rest' },
      action: 'R',
      outcome: '0',
      agent: [{ who: { identifier: { system: 'urn:cairn:user', value: 'demo-clinician' }, display: 'Demo clinician' }, requestor: true }],
    });
    expect(read?.subtype).toEqual([{ system: 'http://hl7.org/fhir/restful-interaction', code: 'read' }, { system: 'urn:cairn:act', code: 'fhir.read' }]);
    expect(read?.entity?.map(({ what }) => what?.reference)).toEqual(expect.arrayContaining([`Patient/${anna}`, `Observation/${pain}`]));
    const again = await auditor.get<AuditEvent>(`/AuditEvent/${read?.id}`);
    expect(again.body).toEqual(read);
    expect((await auditor.get(`/AuditEvent/${read?.id}/_history/1`)).body).toEqual(read);
    expect((await auditor.get<Bundle>(`/AuditEvent/${read?.id}/_history`)).body.total).toBe(1);
    expect((await auditor.get(`/AuditEvent/${read?.id}/_history/2`)).status).toBe(404);
  });

  it('are in the history of the type and of the whole server, page by page with those that were sent, and only for who may read them', async () => {
    const sent = await east.create(foreign('2024-03-01T10:00:00Z'));
    const since = new Date(Date.now() - 3_600_000).toISOString();
    const walk = async (client: FhirClient, path: string): Promise<Resource[]> => {
      const found: Resource[] = [];
      for (let next: string | undefined = path; next !== undefined; ) {
        const { status, text, body }: FhirReply<Bundle> = await client.get<Bundle>(next);
        if (status !== 200) throw new Error(`${status} ${text}`);
        const page = (body.entry ?? []).flatMap(({ resource }) => resource ?? []);
        found.push(...page);
        next = body.link?.find(({ relation }) => relation === 'next')?.url.replace(/^.*\/fhir/, '');
      }
      return found;
    };
    const whole = await walk(auditor, `/AuditEvent/_history?_count=1000&_since=${since}`);
    expect(whole.map(({ id }) => id)).toContain(sent);
    const own = whole.filter(({ id }) => id !== sent) as AuditEvent[];
    expect(own.map(actOf)).toEqual(expect.arrayContaining(['fhir.create', 'fhir.read']));
    const times = whole.map(({ meta }) => meta?.lastUpdated ?? '');
    expect(times).toEqual([...times].sort().reverse());
    // What is written meanwhile comes first, and is not there on the pages behind.
    const paged = (await walk(auditor, `/AuditEvent/_history?_count=2&_since=${since}`)).map(({ id }) => id);
    expect([new Set(paged).size, whole.filter(({ id }) => !paged.includes(id))]).toEqual([paged.length, []]);
    const everything = (await walk(auditor, `/_history?_count=7&_since=${since}`)).map(({ id }) => id);
    expect(whole.filter(({ id }) => !everything.includes(id))).toEqual([]);
    // A hospital finds its own acts and those on its patients; a clinician none.
    const theirs = await walk(west, `/AuditEvent/_history?_since=${since}`);
    expect(theirs.length).toBeGreaterThan(0);
    expect(JSON.stringify(theirs)).not.toContain(anna);
    expect((await walk(clinician, `/_history?_since=${since}`)).filter(({ resourceType }) => resourceType === 'AuditEvent')).toEqual([]);
    expect((await clinician.get('/AuditEvent/_history')).status).toBe(403);
    expect((await auditor.get('/AuditEvent/_history?_cursor=nonsense')).status).toBe(400);
    expect((await find(`subtype=urn:cairn:act|fhir.history&_count=200`)).length).toBeGreaterThan(0);
  });

  it.each([
    ['type=rest', (event: AuditEvent) => event.type.code === 'rest'],
    ['type=http://terminology.hl7.org/CodeSystem/audit-event-type|rest', (event: AuditEvent) => event.type.code === 'rest'],
    ['action=C', (event: AuditEvent) => event.action === 'C'],
    ['action:not=C', (event: AuditEvent) => event.action !== 'C'],
    ['outcome=0', (event: AuditEvent) => event.outcome === '0'],
    ['date=ge2024', (event: AuditEvent) => (event.recorded ?? '') > '2024'],
    ['subtype=urn:cairn:act|fhir.create', (event: AuditEvent) => actOf(event) === 'fhir.create'],
    ['subtype=create', (event: AuditEvent) => actOf(event) === 'fhir.create'],
    ['agent:identifier=urn:cairn:client|east', (event: AuditEvent) => event.agent[0]?.who?.identifier?.value === 'east'],
    ['agent-name=test', (event: AuditEvent) => event.agent[0]?.name === 'Test client'],
  ])('are found by %s', async (query, holds) => {
    const found = await find(`${query}&_count=200`);
    expect(found.length).toBeGreaterThan(0);
    expect(found.filter((event) => !holds(event))).toEqual([]);
  });

  it('are found by what they touched, and not by what nobody did', async () => {
    expect((await find(`entity=Observation/${pain}`)).map(actOf)).toEqual(expect.arrayContaining(['fhir.create', 'fhir.read']));
    expect(await find('date=lt2020')).toEqual([]);
    expect(await find('type=110113')).toEqual([]);
    expect(await find('patient=nobody&action=C')).toEqual([]);
    expect((await auditor.get<Bundle>('/AuditEvent?date=lt2020&_summary=count')).body.total).toBe(0);
    expect((await auditor.get('/AuditEvent?_sort=agent')).status).toBe(400);
    expect((await auditor.get('/AuditEvent?_cursor=bm9uc2Vuc2U')).status).toBe(400);
  });

  it('come as one list with those that others sent, by date, page by page, without a gap or a repetition while others write', async () => {
    const sent = [await east.create(foreign('2001-01-01T00:00:00Z')), await east.create(foreign('2090-01-01T00:00:00.000Z'))];
    expect((await east.put('/AuditEvent/not-mine', { ...foreign('2002-01-01T00:00:00Z'), id: 'not-mine' })).status).toBe(405);
    const whole = await find('_count=1000');
    const pages: string[] = [];
    let next: string | undefined = '/AuditEvent?_count=3';
    while (next !== undefined) {
      const reply: FhirReply<Bundle> = await auditor.get<Bundle>(next);
      pages.push(...eventsOf(reply.body).map(({ id }) => id ?? ''));
      await clinician.get(`/Patient/${anna}`);
      next = reply.body.link?.find(({ relation }) => relation === 'next')?.url.replace(/^.*\/fhir/, '');
    }
    expect(pages[0]).toBe(sent[1]);
    expect(pages.at(-1)).toBe(sent[0]);
    expect(new Set(pages).size).toBe(pages.length);
    expect(pages.filter((id) => whole.some((event) => event.id === id))).toEqual(whole.map(({ id }) => id));
    const forwards = await find('_count=1000&_sort=date');
    expect(forwards[0]?.id).toBe(sent[0]);
    const dates = forwards.map(({ recorded }) => Date.parse(recorded ?? ''));
    expect(dates).toEqual([...dates].sort((a, b) => a - b));
    expect((await auditor.get<AuditEvent>(`/AuditEvent/${sent[0]}`)).body.agent[0]?.name).toBe('Foreign');
    const aside = await auditor.get<Bundle>('/AuditEvent?source=x');
    expect(aside.text).toContain('none of Cairn');
  });

  it('count what they list', async () => {
    const { body } = await auditor.get<Bundle>(`/AuditEvent?patient=${anna}&action=C&_count=1&_total=accurate`);
    expect(body.total).toBe((await find(`patient=${anna}&action=C&_count=1000`)).length);
  });

  it('are for those who oversee, and are themselves recorded', async () => {
    for (const role of ['coordinator', 'clinician', 'hospital-it'] as const) {
      const other = new FhirClient(app, await app.as(role));
      expect((await other.get('/AuditEvent')).status).toBe(403);
    }
    expect((await auditor.get(`/Observation/${pain}`)).status).toBe(403);
    await find('date=lt2020');
    const reads = await find('agent:identifier=urn:cairn:user|demo-auditor&subtype=fhir.search&outcome=0');
    expect(reads.length).toBeGreaterThan(0);
  });

  it("show a hospital's system its own acts and its own patients, and nobody else's", async () => {
    const easts = await find('_count=1000', east);
    expect(easts.map(({ agent }) => agent[0]?.who?.identifier?.value)).toEqual(expect.arrayContaining(['east', 'demo-clinician']));
    expect(easts.some(({ agent }) => agent[0]?.who?.identifier?.value === 'west')).toBe(false);
    const wests = await find('_count=1000', west);
    expect(wests.length).toBeGreaterThan(0);
    expect(JSON.stringify(wests)).not.toContain(anna);
    expect(await find(`patient=${anna}&agent:identifier=urn:cairn:user|demo-clinician`, west)).toEqual([]);
    const narrow = new FhirClient(app, await app.asSystem('system/AuditEvent.rs?action=C'));
    expect((await find('_count=1000', narrow)).every(({ action }) => action === 'C')).toBe(true);
    const none = new FhirClient(app, await app.asSystem('system/Patient.rs'));
    expect((await none.get('/AuditEvent')).status).toBe(403);
  });

  it('tell of what was refused, and of searches that found nothing', async () => {
    await west.get(`/Observation/${pain}`);
    await west.post('/Observation', observation(anna));
    const hospital = new FhirClient(app, await app.asSystem('system/Patient.rs', { clientId: 'narrow' }));
    await hospital.get(`/Observation?patient=${anna}`);
    await new RestClient(app, await app.as('hospital-it')).get(`patients/${anna}/consents`);
    const refused = await find(`patient=${anna}&outcome=4`);
    const by = (who: string) => refused.filter(({ agent }) => agent[0]?.who?.identifier?.value === who).map(actOf);
    expect(by('west')).toEqual(expect.arrayContaining(['fhir.read', 'fhir.create']));
    expect(by('narrow')).toEqual(['fhir.search']);
    expect(by('demo-hospital-it').length).toBe(1);
    await clinician.get(`/Condition?patient=${anna}`);
    expect((await find(`patient=${anna}&subtype=fhir.search&agent:identifier=urn:cairn:user|demo-clinician`)).length).toBe(1);
  });

  it('make the report of who saw or received what of a patient, in pages and as CSV, for those who oversee it', async () => {
    interface Page {
      items: { at: string; who: string; act: string; outcome: string; of: string[] }[];
      next?: string;
    }
    const administrator = new RestClient(app, await app.as('clinic-administrator'));
    const path = `patients/${anna}/disclosures`;
    const whole = await administrator.read<Page>(`${path}?limit=1000`);
    expect(whole.items).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ who: 'east', act: 'fhir.create', outcome: 'success' }),
        expect.objectContaining({ who: 'demo-clinician', act: 'fhir.read', of: [`Observation/${pain}`] }),
        expect.objectContaining({ who: 'west', act: 'fhir.read', outcome: 'refused' }),
      ]),
    );
    const paged: Page['items'] = [];
    let next: string | undefined = '';
    const to = encodeURIComponent(whole.items[0]?.at ?? '');
    while (next !== undefined) {
      const page: Page = await administrator.read<Page>(`${path}?limit=4&to=${to}${next === '' ? '' : `&after=${next}`}`);
      paged.push(...page.items);
      next = page.next;
    }
    expect(paged).toEqual(whole.items.filter(({ at }) => at < (whole.items[0]?.at ?? '')));
    const csv = await fetch(`${app.url}/api/v1/${path}?format=csv&limit=2`, { headers: { authorization: await app.as('auditor') } });
    expect(csv.headers.get('content-type')).toContain('text/csv');
    expect((await csv.text()).split('\r\n')).toHaveLength(4);
    expect(csv.headers.get('x-next-cursor')).not.toBeNull();
    expect((await administrator.get(`${path}?after=nonsense`)).status).toBe(400);
    for (const role of ['coordinator', 'clinician', 'hospital-it'] as const) expect((await new RestClient(app, await app.as(role)).get(path)).status).toBe(403);
  });
});
