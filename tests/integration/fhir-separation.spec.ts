import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Bundle, Observation, Patient, Practitioner, Resource } from '@medplum/fhirtypes';
import { FhirStore, connectionsOf, sharePatient, unsharePatient } from '@cairn/fhir';
import type { Scope, Tx } from '@cairn/platform';
import pg from 'pg';
import { startTestApp, type TestApp } from '../support/app.js';
import { FhirClient, type FhirReply } from '../support/fhir-client.js';
import { topicSubscription } from '../support/subscribing.js';

const EAST = '11111111-1111-4111-8111-111111111111';
const WEST = '22222222-2222-4222-8222-222222222222';
const OTHER_CLINIC = '33333333-3333-4333-8333-333333333333';

/** An answer without what differs between any two: its correlation id, and the id that was asked for. */
const shape = (reply: FhirReply, id: string): object => ({
  status: reply.status,
  text: reply.text.replaceAll(reply.headers.get('x-correlation-id') ?? '?', 'correlation').replaceAll(id, 'asked'),
  etag: reply.headers.get('etag'),
  location: reply.headers.get('location'),
});

/** A message that asks for something for the patient, without being a referral. */
const messageAbout = (patient: string): Bundle => ({
  resourceType: 'Bundle',
  type: 'message',
  entry: [
    {
      fullUrl: 'urn:uuid:6f1f0a57-8f59-4e0c-9a35-2f0c7d1b9e01',
      resource: {
        resourceType: 'MessageHeader', id: 'east-1', eventCoding: { system: 'http://terminology.hl7.org/CodeSystem/v2-0003', code: 'I12' }, source: { endpoint: 'https://east.example/fhir' },
        focus: [{ reference: 'urn:uuid:6f1f0a57-8f59-4e0c-9a35-2f0c7d1b9e02' }],
      },
    },
    { fullUrl: 'urn:uuid:6f1f0a57-8f59-4e0c-9a35-2f0c7d1b9e02', resource: { resourceType: 'ServiceRequest', status: 'draft', intent: 'proposal', subject: { reference: `Patient/${patient}` } } },
  ],
});

describe('two hospitals in one clinic', () => {
  let app: TestApp;
  let east: FhirClient;
  let west: FhirClient;
  let clinic: FhirClient;
  let elsewhere: FhirClient;
  /** What the eastern hospital sent; nobody else may know of it. */
  let anna: string;
  let pain: string;
  let surgeon: string;
  let westPatient: string;

  const observation = (patient: string, performer?: string): Observation => ({
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '72514-3' }] },
    subject: { reference: `Patient/${patient}` },
    effectiveDateTime: '2024-05-01',
    valueQuantity: { value: 7 },
    ...(performer ? { performer: [{ reference: `Practitioner/${performer}` }] } : {}),
  });
  const scopeOf = (connectionId: string | null): Scope => ({
    clinicId: app.clinicId,
    actor: { kind: 'system', id: 'test', name: 'Test', connectionId, scopes: ['system/*.*'] },
    correlationId: 'test-correlation',
  });

  beforeAll(async () => {
    app = await startTestApp();
    const owner = new pg.Client({ connectionString: app.database.ownerUrl });
    await owner.connect();
    await owner.query(`insert into clinic (id, slug, name, zone) values ($1, 'elsewhere', 'Another clinic', 'Europe/Zurich')`, [OTHER_CLINIC]);
    await owner.end();
    east = new FhirClient(app, await app.asSystem('system/*.*', { connectionId: EAST }));
    west = new FhirClient(app, await app.asSystem('system/*.*', { connectionId: WEST }));
    clinic = new FhirClient(app, await app.asSystem('system/*.*'));
    elsewhere = new FhirClient(app, await app.asSystem('system/*.*', { clinicId: OTHER_CLINIC }));
    anna = await east.create({ resourceType: 'Patient', identifier: [{ system: 'urn:ssn', value: '123' }], name: [{ family: 'Secret' }], birthDate: '1970-01-01' });
    surgeon = await east.create({ resourceType: 'Practitioner', name: [{ family: 'Eastman' }], identifier: [{ system: 'urn:npi', value: '7' }] });
    pain = await east.create(observation(anna, surgeon));
    await east.put(`/Observation/${pain}`, { ...observation(anna, surgeon), id: pain, status: 'amended' });
    westPatient = await west.create({ resourceType: 'Patient', name: [{ family: 'Westley' }] });
  });
  afterAll(() => app.stop());

  const strangers = (): [string, FhirClient][] => [
    ['the other hospital', west],
    ['another clinic', elsewhere],
  ];

  it('each see what they sent, and the clinic sees both', async () => {
    expect(await east.ids('/Patient')).toEqual([anna]);
    expect(await west.ids('/Patient')).toEqual([westPatient]);
    expect(await clinic.ids('/Patient')).toEqual(expect.arrayContaining([anna, westPatient]));
    expect(await elsewhere.ids('/Patient')).toEqual([]);
    expect((await east.get(`/Observation/${pain}/_history/1`)).status).toBe(200);
  });

  it.each(['Patient', 'Practitioner', 'Observation'])('learn nothing of a %s by asking for it: the answers are those for one that is not there', async (type) => {
    const id = { Patient: anna, Practitioner: surgeon, Observation: pain }[type] ?? '';
    const none = '01890000-0000-7000-8000-000000000000';
    for (const [, stranger] of strangers()) {
      for (const path of ['', '/_history', '/_history/1', '/_history/2', '/_history/9']) {
        expect(shape(await stranger.get(`/${type}/${id}${path}`), id)).toEqual(shape(await stranger.get(`/${type}/${none}${path}`), none));
      }
      expect(shape(await stranger.delete(`/${type}/${id}`), id)).toEqual(shape(await stranger.delete(`/${type}/${none}`), none));
    }
    const content = (name: string): Resource => (type === 'Patient' ? { resourceType: 'Patient', id: name } : type === 'Practitioner' ? { resourceType: 'Practitioner', id: name } : { ...observation(westPatient), id: name });
    expect(shape(await west.put(`/${type}/${id}`, content(id)), id)).toEqual(shape(await west.put(`/${type}/${none}`, content(none)), none));
    expect(shape(await west.put(`/${type}/${id}`, content(id), { 'if-match': 'W/"1"' }), id)).toEqual(shape(await west.put(`/${type}/${none}`, content(none), { 'if-match': 'W/"1"' }), none));
    expect((await east.get(`/${type}/${id}`)).status).toBe(200);
  });

  it('learn nothing by searching, counting or sorting', async () => {
    for (const [, stranger] of strangers()) {
      for (const path of [
        `Patient?_id=${anna}`,
        'Patient?identifier=urn:ssn|123',
        'Patient?name=secret',
        'Patient?family:exact=Secret',
        'Patient?birthdate=1970-01-01',
        `Observation?patient=${anna}`,
        `Observation?subject=Patient/${anna}&_sort=-date`,
        `Observation?performer=Practitioner/${surgeon}`,
        'Observation?code=http://loinc.org|72514-3',
        'Observation?date=2024-05-01',
        'Observation?value-quantity=7',
        'Practitioner?name=eastman',
        `Provenance?target=Observation/${pain}`,
        `Provenance?patient=${anna}`,
        'Observation?_lastUpdated=ge2000',
      ]) {
        expect(await stranger.ids(`/${path}`)).toEqual([]);
        expect((await stranger.get<Bundle>(`/${path}${path.includes('?') ? '&' : '?'}_summary=count`)).body.total).toBe(0);
        expect((await stranger.get<Bundle>(`/${path}&_total=accurate`)).body.total).toBe(0);
      }
    }
    expect((await west.get<Bundle>('/Patient?_summary=count')).body.total).toBe(1);
  });

  it('learn nothing by including', async () => {
    const own = await west.create(observation(westPatient, surgeon));
    const { body } = await west.get<Bundle>(`/Observation?_id=${own}&_include=Observation:performer&_include=Observation:*&_revinclude=Provenance:target`);
    const types = (body.entry ?? []).map(({ resource }) => resource?.resourceType);
    expect(types.sort()).toEqual(['Observation', 'Patient', 'Provenance']);
    const back = await west.get<Bundle>(`/Patient?_id=${westPatient}&_revinclude=Observation:patient&_revinclude=Provenance:target`);
    expect(JSON.stringify(back.body)).not.toContain(anna);
  });

  it("write nothing on each other's patients, and can't tell them from patients who aren't there", async () => {
    for (const write of [
      (patient: string) => west.post('/Observation', observation(patient)),
      (patient: string) => west.post('/Task', { resourceType: 'Task', status: 'requested', intent: 'order', for: { reference: `Patient/${westPatient}` }, requester: { reference: `Patient/${patient}` } }),
      (patient: string) => west.post('', { resourceType: 'Bundle', type: 'transaction', entry: [{ resource: observation(patient), request: { method: 'POST', url: 'Observation' } }] }),
      (patient: string) => west.post('', { resourceType: 'Bundle', type: 'batch', entry: [{ resource: observation(patient), request: { method: 'POST', url: 'Observation' } }] }),
    ]) {
      const theirs = await write(anna);
      expect(theirs.status === 422 || theirs.text.includes('"422"')).toBe(true);
      expect(shape(theirs, anna)).toEqual(shape(await write('nobody'), 'nobody'));
    }
    const own = await west.create(observation(westPatient));
    expect((await west.put(`/Observation/${own}`, { ...observation(anna), id: own })).status).toBe(422);
    expect(await clinic.ids(`/Observation?patient=${anna}`)).toEqual([pain]);
  });

  it('meet nobody by conditional create or by criteria in a reference', async () => {
    const created = await west.post<Patient>('/Patient', { resourceType: 'Patient', identifier: [{ system: 'urn:ssn', value: '123' }] }, { 'if-none-exist': 'identifier=urn:ssn|123' });
    expect(created.status).toBe(201);
    expect(created.body.id).not.toBe(anna);
    expect(await east.ids('/Patient?identifier=urn:ssn|123')).toEqual([anna]);
    const practitioner = (): Practitioner => ({ resourceType: 'Practitioner', identifier: [{ system: 'urn:npi', value: '7' }] });
    const both = await Promise.all([
      east.post('/Practitioner', practitioner(), { 'if-none-exist': 'identifier=urn:npi|7' }),
      west.post('/Practitioner', practitioner(), { 'if-none-exist': 'identifier=urn:npi|7' }),
    ]);
    expect(both.map(({ status }) => status)).toEqual([200, 201]);
    const basic = (criteria: string): Bundle => ({
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [{ resource: { resourceType: 'Basic', code: { text: 'x' }, subject: { reference: criteria } }, request: { method: 'POST', url: 'Basic' } }],
    });
    const theirs = await west.post('', basic('Patient?name=secret'));
    expect(shape(theirs, 'secret')).toEqual(shape(await west.post('', basic('Patient?name=nobodyatall')), 'nobodyatall'));
  });

  it('share a patient, and all that belongs to them, only when the clinic says so', async () => {
    const as = <T>(work: (tx: Tx) => Promise<T>) => app.transactions.run(app.scope(), work);
    await as((tx) => sharePatient(tx, WEST, anna));
    expect((await west.get(`/Patient/${anna}`)).status).toBe(200);
    expect((await west.get(`/Observation/${pain}/_history/1`)).status).toBe(200);
    expect(await west.ids(`/Observation?patient=${anna}`)).toEqual([pain]);
    // The surgeon belongs to no patient and stays the east's own.
    expect((await west.get(`/Practitioner/${surgeon}`)).status).toBe(404);
    const about = await west.create(observation(anna));
    expect(await east.ids(`/Observation?patient=${anna}`)).toEqual([pain, about]);
    expect(await as((tx) => connectionsOf(tx, anna))).toEqual([EAST, WEST]);

    const both = await west.create({ resourceType: 'Basic', code: { text: 'both' }, subject: { reference: `Patient/${anna}` }, author: { reference: `Patient/${westPatient}` } });
    expect((await east.get(`/Basic/${both}`)).status).toBe(404);

    await as((tx) => unsharePatient(tx, WEST, anna));
    expect((await west.get(`/Patient/${anna}`)).status).toBe(404);
    expect((await west.get(`/Observation/${about}`)).status).toBe(404);
    expect(await west.ids(`/Observation?patient=${anna}`)).toEqual([]);
    expect((await west.get(`/Basic/${both}`)).status).toBe(404);
  });

  it("don't let a system name the patients that are shared with it", async () => {
    await expect(app.transactions.run(scopeOf(WEST), (tx) => sharePatient(tx, EAST, westPatient))).rejects.toMatchObject({ code: '42501' });
  });

  it('read the directory that Cairn keeps, and not what else it keeps', async () => {
    const store = app.get(FhirStore);
    const [organization, list] = await app.transactions.run(app.scope(), (tx) =>
      Promise.all([store.create(tx, { resourceType: 'Organization', name: 'The clinic' }), store.create(tx, { resourceType: 'List', status: 'current', mode: 'working' })]),
    );
    expect((await west.get(`/Organization/${organization.id}`)).status).toBe(200);
    expect(await east.ids(`/Organization?_id=${organization.id}`)).toEqual([organization.id]);
    expect((await west.get(`/List/${list.id}`)).status).toBe(404);
    expect((await elsewhere.get(`/Organization/${organization.id}`)).status).toBe(404);
  });

  it('are kept apart in every table, whatever the statement', async () => {
    const tables = await app.transactions.read(app.scope(), (tx) =>
      tx.query<{ table: string; seq: boolean }>(
        `select c.relname as table, exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'seq') as seq
         from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname like 'fhir\\_%' order by 1`,
      ),
    );
    expect((await east.get('/$export', { prefer: 'respond-async' })).status).toBe(202);
    expect((await east.post('/$process-message', messageAbout(anna))).status).toBe(200);
    expect(tables.map(({ table }) => table)).toEqual([
      'fhir_actor_name',
      'fhir_break_glass',
      'fhir_care_team',
      'fhir_composite',
      'fhir_consent_rule',
      'fhir_create_claim',
      'fhir_date',
      'fhir_export',
      'fhir_export_chunk',
      'fhir_history',
      'fhir_message',
      'fhir_news',
      'fhir_patient_label',
      'fhir_patient_share',
      'fhir_quantity',
      'fhir_reference',
      'fhir_resource',
      'fhir_string',
      'fhir_subscription',
      'fhir_subscription_event',
      'fhir_subscription_interest',
      'fhir_token',
    ]);
    const awaited = await east.create(topicSubscription({ topic: `${app.url}/fhir/SubscriptionTopic/observation-added`, endpoint: 'http://127.0.0.1:9/hook' }));
    const owner = new pg.Client({ connectionString: app.database.ownerUrl });
    await owner.connect();
    await owner.query(`insert into fhir_subscription_interest (clinic_id, resource_type, subscription_id) values ($1, 'Observation', $2)`, [app.clinicId, awaited]);
    await owner.query(
      `insert into fhir_subscription_event (clinic_id, subscription_id, number, occurred_at, resource_type, resource_id, version, interaction) values ($1, $2, 1, now(), 'Observation', $3, 1, 'create')`,
      [app.clinicId, awaited, pain],
    );
    await owner.end();
    await east.create(observation(anna));
    const count = (scope: Scope, sql: string, values: unknown[]) => app.transactions.read(scope, async (tx) => Number((await tx.query<{ n: string }>(sql, values))[0]?.n));
    const [annas] = await app.transactions.read(app.scope(), (tx) => tx.query<{ seqs: string[] }>('select array_agg(seq) seqs from fhir_resource where id = any($1)', [[anna, pain, surgeon]]));
    // What guards the records of patients has no row of a stranger's, nor one that the other clinic could see.
    const guards = ['fhir_actor_name', 'fhir_break_glass', 'fhir_care_team', 'fhir_consent_rule', 'fhir_patient_label'];
    for (const table of guards) expect([table, await count(scopeOf(WEST), `select count(*) n from ${table}`, [])]).toEqual([table, 0]);
    for (const { table, seq } of tables.filter(({ table: name }) => !guards.includes(name))) {
      const [sql, values] = seq
        ? [`select count(*) n from ${table} where seq = any($1)`, [annas?.seqs]]
        : table === 'fhir_patient_share'
          ? [`select count(*) n from ${table} where connection_id = $1`, [EAST]]
          : table === 'fhir_history'
            ? [`select count(*) n from ${table} where id = $1`, [pain]]
            : table === 'fhir_news'
              ? [`select count(*) n from ${table}`, []]
            : table.startsWith('fhir_subscription_')
              ? [`select count(*) n from ${table} where subscription_id = $1`, [awaited]]
            : [`select count(*) n from ${table} where connection_id = $1`, [EAST]];
      // Every writer of the clinic must learn that somebody waits for a type.
      if (table !== 'fhir_subscription_interest') expect([table, await count(scopeOf(WEST), sql, values as unknown[])]).toEqual([table, 0]);
      expect([table, await count({ ...scopeOf(null), clinicId: OTHER_CLINIC }, sql, values as unknown[])]).toEqual([table, 0]);
      // Claims last as long as their transaction, no worker makes the files of an export here, and news is for Cairn's own work.
      if (!['fhir_create_claim', 'fhir_export_chunk', 'fhir_news'].includes(table)) expect([table, (await count(scopeOf(EAST), sql, values as unknown[])) > 0]).toEqual([table, true]);
    }
  });

  it('leave a trace of who saw whom', async () => {
    await east.get(`/Patient/${anna}`);
    const rows = await app.transactions.read(app.scope(), (tx) =>
      tx.query<{ what: string; actor_id: string }>(`select what, actor_id from audit where $1 = any(patients) and what like 'fhir.%' order by recorded_at`, [anna]),
    );
    expect(rows.map(({ what }) => what)).toEqual(expect.arrayContaining(['fhir.create', 'fhir.update', 'fhir.read', 'fhir.vread', 'fhir.search']));
    expect(rows.every(({ actor_id }) => actor_id === 'test-client')).toBe(true);
  });
});
