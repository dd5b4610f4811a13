import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FhirStore, sharePatient } from '@cairn/fhir';
import { DueWorkRegistry, OpenLoops, TokenService } from '@cairn/platform';
import type { Bundle, OperationOutcome, Patient, ServiceRequest, Task } from '@medplum/fhirtypes';
import pg from 'pg';
import { startTestApp, type TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { FhirClient } from '../support/fhir-client.js';
import { PAIN_CODE, hospital, type Hospital } from '../support/referral-factory.js';
import type { Item, Page } from '../support/refused-items.js';
import { RestClient, type Refusal } from '../support/rest-client.js';
import { registerClient } from '../support/system-client.js';

const DAY = 86_400_000;

describe('refused writes that may have carried a referral', () => {
  let app: TestApp;
  let owner: pg.Client;
  let from: Hospital;
  let coordinator: RestClient;
  let it_: RestClient;

  beforeAll(async () => {
    app = await startTestApp();
    owner = new pg.Client({ connectionString: app.database.ownerUrl });
    await owner.connect();
    from = await hospital(app, 'plain');
    await registerClient(app, { clientId: `hospital-${from.connectionId}`, connectionId: from.connectionId });
    coordinator = new RestClient(app, await app.as('coordinator'));
    it_ = new RestClient(app, await app.as('hospital-it'));
  });
  afterAll(async () => {
    await owner.end();
    await app.stop();
  });

  const request = (patient: string, words = `Back pain of ${crypto.randomUUID()}`): ServiceRequest => ({
    resourceType: 'ServiceRequest', status: 'active', intent: 'order', code: { coding: [PAIN_CODE] }, subject: { reference: `Patient/${patient}` }, reasonCode: [{ text: words }], authoredOn: '2026-01-05T10:00:00Z',
  });
  const kept = async (): Promise<readonly Item[]> => (await it_.read<Page>('refused-writes?limit=200')).items;
  const count = async (): Promise<number> => (await owner.query<{ n: number }>('select count(*)::int as n from refused_write')).rows[0]?.n ?? 0;
  /** Sends what is refused, and returns what was kept of it. */
  const refusedAs = async (client: FhirClient, resource: object | string, path = '/ServiceRequest', method = 'POST'): Promise<Item> => {
    const before = await count();
    const reply = await client.send(method, path, resource);
    expect([reply.status >= 400 && reply.status < 500, await count()]).toEqual([true, before + 1]);
    const [newest] = await kept();
    if (!newest) throw new Error('Nothing was kept.');
    return newest;
  };
  const taskOf = async (id: string): Promise<Task> => (await new FhirClient(app, await app.as('coordinator')).get<Task>(`/Task/${id}`)).body;
  const admit = async (id: string): Promise<void> => {
    const patient: Patient & { id: string } = { resourceType: 'Patient', id, name: [{ family: 'Example', given: ['Late'] }], birthDate: '1980-05-01' };
    await app.transactions.run(app.scope(), async (tx) => {
      await app.get(FhirStore).put(tx, patient);
      await sharePatient(tx, from.connectionId, id);
    });
  };

  it('are kept once for two sends, sealed, and shown without what was sent to IT, whole to the coordinator', async () => {
    const [patient, words] = [crypto.randomUUID(), `Words of ${crypto.randomUUID()}`];
    const sent = { ...request(patient, words), status: 'perhaps' };
    const item = await refusedAs(from.fhir, sent, `/ServiceRequest?identifier=urn:mrn|${patient}`, 'PUT');
    expect(item).toMatchObject({ clientId: `hospital-${from.connectionId}`, method: 'PUT', target: 'ServiceRequest', times: 1, state: 'kept', availableActions: ['replay', 'dismiss'] });
    expect((await from.fhir.put(`/ServiceRequest?identifier=urn:mrn|${patient}`, sent)).status).toBe(item.status);
    const { rows } = await owner.query<{ row: string; times: number }>('select r::text as row, times from refused_write r where id = $1', [item.id]);
    expect(rows.map(({ times }) => times)).toEqual([2]);
    for (const secret of [words, patient, Buffer.from(words).toString('base64')]) expect(rows[0]?.row).not.toContain(secret);

    const redacted = await it_.get<Item>(`refused-writes/${item.id}`);
    expect(redacted.body).toMatchObject({ times: 2, outcome: { resourceType: 'OperationOutcome', issue: [{ expression: ['ServiceRequest.status'] }] } });
    expect(redacted.body).not.toHaveProperty('request');
    for (const secret of [words, patient]) expect(JSON.stringify(redacted.body)).not.toContain(secret);
    const whole = await coordinator.read<Item>(`refused-writes/${item.id}`);
    expect(whole.request).toMatchObject({ url: `ServiceRequest?identifier=urn:mrn|${patient}`, headers: { 'content-type': 'application/fhir+json' }, body: JSON.stringify(sent) });
    const audited = await owner.query<{ what: string; actor_id: string }>('select what, actor_id from audit where entities @> array[$1]', [`refused-write/${item.id}`]);
    expect(audited.rows).toEqual(expect.arrayContaining([{ what: 'refused-write.read', actor_id: 'demo-hospital-it' }, { what: 'refused-write.read-body', actor_id: 'demo-coordinator' }]));
  });

  it('are a Task for coordinators and hospital IT, which tells nothing of what was sent and is closed when they are decided about', async () => {
    const patient = crypto.randomUUID();
    const item = await refusedAs(from.fhir, request(patient));
    const task = await taskOf(item.id);
    expect(task).toMatchObject({ status: 'requested', priority: 'urgent', owner: { display: 'Coordinators and hospital IT' }, code: { coding: [{ code: 'refused-write' }] } });
    expect(task.performerType?.map(({ coding }) => coding?.[0]?.code)).toEqual(['coordinator', 'hospital-it']);
    expect(Date.parse(task.restriction?.period?.end ?? '') - Date.parse(task.authoredOn ?? '')).toBe(DAY);
    expect(JSON.stringify(task)).not.toContain(patient);
    expect((await from.fhir.get(`/Task/${item.id}`)).status).toBe(404);
    expect(await from.fhir.ids('/Task?code=refused-write')).toEqual([]);

    const watched = async () => (await app.transactions.read(app.scope(), (tx) => app.get(OpenLoops).check(tx, 1000))).find(({ kind }) => kind === 'refused write');
    expect((await watched())?.loose.map(({ id }) => id)).not.toContain(item.id);
    const { otherWork } = await coordinator.read<{ otherWork: { kind: string; count: number; text: string }[] }>('referrals/counts');
    const { open = 0 } = (await watched()) ?? {};
    expect(otherWork.find(({ kind }) => kind === 'refused write')).toEqual({ kind: 'refused write', count: open, atLeast: false, text: String(open) });
    expect([open > 0, otherWork.map(({ kind }) => kind)]).toEqual([true, expect.arrayContaining(['letter', 'untaken Task', 'escalation', 'safety alert'])]);
    await app.advance(DAY + 1);
    expect((await watched())?.loose).toContainEqual({ id: item.id, lacks: ['owner'] });

    await it_.post(`refused-writes/${item.id}/replay`, { reason: 'Try' });
    expect((await taskOf(item.id)).status).toBe('requested');
    await admit(patient);
    expect((await coordinator.post<Item>(`refused-writes/${item.id}/replay`, { reason: 'The record has arrived' })).body.state).toBe('replayed');
    expect(await taskOf(item.id)).toMatchObject({ status: 'completed', businessStatus: { coding: [{ code: 'replayed' }] }, owner: { display: 'Demo coordinator' } });
    expect((await watched())?.loose.map(({ id }) => id)).not.toContain(item.id);
    const other = await refusedAs(from.fhir, request(crypto.randomUUID()));
    await it_.post(`refused-writes/${other.id}/dismissal`, { reason: 'Registered by hand' });
    expect(await taskOf(other.id)).toMatchObject({ status: 'completed', businessStatus: { coding: [{ code: 'dismissed' }] } });
  });

  it('are kept though their body could not be read: too large, of another type, or not gzip to its end', async () => {
    const words = `Words of ${crypto.randomUUID()}`;
    const send = async (body: string | Buffer, headers: Record<string, string>, path = '/ServiceRequest'): Promise<Item> => {
      const before = await count();
      const reply = await from.fhir.post<OperationOutcome>(path, body, headers);
      expect([reply.body.resourceType, await count()]).toEqual(['OperationOutcome', before + 1]);
      const [newest] = await kept();
      if (!newest) throw new Error('Nothing was kept.');
      expect(newest.status).toBe(reply.status);
      return coordinator.read<Item>(`refused-writes/${newest.id}`);
    };
    const text = JSON.stringify(request(crypto.randomUUID(), words));
    const large = await send(`${text.slice(0, -1)},"note":[{"text":"${'x'.repeat(12_000_000)}"}]}`, {});
    expect(large).toMatchObject({ status: 413, request: { isCut: true } });
    expect([large.request?.body.length, large.request?.body.includes(words)]).toEqual([1_048_576, true]);
    const again = await coordinator.post<Refusal>(`refused-writes/${large.id}/replay`, { reason: 'Try' });
    expect([again.status, again.body.code]).toEqual([409, 'refused-write.cut']);
    expect((await coordinator.post<Item>(`refused-writes/${large.id}/dismissal`, { reason: 'Registered by hand' })).body.state).toBe('dismissed');

    const xml = `<ServiceRequest xmlns="http://hl7.org/fhir"><note><text value="${words}"/></note></ServiceRequest>`;
    expect(await send(xml, { 'content-type': 'application/fhir+xml' })).toMatchObject({ status: 415, request: { isCut: false, body: xml } });
    const whole = gzipSync(text);
    expect(await send(whole.subarray(0, whole.length - 6), { 'content-encoding': 'gzip' })).toMatchObject({ status: 400, request: { isCut: true, body: expect.stringContaining(words) } });
    expect(await send(Buffer.from(text), { 'content-encoding': 'br' }, '/$process-message')).toMatchObject({ status: 415, target: '$process-message' });

    const before = await count();
    expect((await from.fhir.post('/Patient', '<Patient/>', { 'content-type': 'application/fhir+xml' })).status).toBe(415);
    expect((await new FhirClient(app, 'Bearer nobody').post('/ServiceRequest', xml, { 'content-type': 'application/fhir+xml' })).status).toBe(401);
    expect(await count()).toBe(before);
  });

  it('open the referral when they are replayed once the cause is mended, and only once', async () => {
    const patient = crypto.randomUUID();
    const { id, status } = await refusedAs(from.fhir, request(patient));
    expect(status).toBe(422);
    const early = await it_.post<Item>(`refused-writes/${id}/replay`, { reason: 'Let us see' });
    expect(early).toMatchObject({ status: 200, body: { state: 'kept', status: 422, reason: 'Let us see', decidedBy: 'Demo hospital-it' } });
    expect(JSON.stringify(early.body.outcome)).not.toContain(patient);
    await admit(patient);
    const replies = await Promise.all(Array.from({ length: 3 }, () => coordinator.post<Item & Refusal>(`refused-writes/${id}/replay`, { reason: 'The record has arrived' })));
    expect(replies.map((reply) => reply.status).sort()).toEqual([200, 409, 409]);
    const done = replies.find((reply) => reply.status === 200)?.body;
    expect(done).toMatchObject({ state: 'replayed', reason: 'The record has arrived', availableActions: [], result: { status: 201, resources: expect.arrayContaining([expect.stringMatching(/^ServiceRequest\//)]) } });
    const made = done?.result?.resources.find((name) => name.startsWith('ServiceRequest/'))?.split('/')[1];
    const { rows } = await owner.query('select 1 from referral where service_request_id = $1', [made]);
    expect(rows).toHaveLength(1);
    expect((await from.fhir.get(`/ServiceRequest/${made}`)).status).toBe(200);
    expect(await from.fhir.ids(`/ServiceRequest?patient=Patient/${patient}`)).toEqual([made]);
    const again = await it_.post<Refusal>(`refused-writes/${id}/replay`, { reason: 'Once more' });
    expect([again.status, again.body.code]).toEqual([409, 'refused-write.replayed']);
  });

  it('are replayed with the scopes and the connection that the client has now, not with those of who replays', async () => {
    const [clientId, patient] = [`narrow-${crypto.randomUUID()}`, crypto.randomUUID()];
    await registerClient(app, { clientId, connectionId: from.connectionId, scopes: ['system/Patient.rs'] });
    await admit(patient);
    const narrow = new FhirClient(app, await app.asSystem('system/Patient.rs', { clientId, connectionId: from.connectionId }));
    const { id, status } = await refusedAs(narrow, request(patient));
    expect(status).toBe(403);
    expect((await coordinator.post<Item>(`refused-writes/${id}/replay`, { reason: 'Try' })).body).toMatchObject({ state: 'kept', status: 403 });
    await owner.query(`update client set scopes = '{system/*.cruds}' where client_id = $1`, [clientId]);
    expect((await coordinator.post<Item>(`refused-writes/${id}/replay`, { reason: 'Scope added' })).body).toMatchObject({ state: 'replayed', result: { status: 201 } });
    const other = await refusedAs(narrow, request(crypto.randomUUID()));
    await owner.query('update client set disabled_at = now() where client_id = $1', [clientId]);
    const gone = await coordinator.post<Refusal>(`refused-writes/${other.id}/replay`, { reason: 'Try' });
    expect([gone.status, gone.body.code]).toEqual([409, 'refused-write.client-gone']);
    expect((await coordinator.read<Item>(`refused-writes/${other.id}`)).state).toBe('kept');
  });

  it('are set aside with a reason, and stay so when the same is sent again', async () => {
    const sent = request(crypto.randomUUID());
    const { id } = await refusedAs(from.fhir, sent);
    expect((await it_.post<Refusal>(`refused-writes/${id}/dismissal`, {})).body.errors?.map(({ field }) => field)).toEqual(['reason']);
    expect((await it_.post<Item>(`refused-writes/${id}/dismissal`, { reason: 'Registered by hand' })).body).toMatchObject({ state: 'dismissed', reason: 'Registered by hand' });
    await from.fhir.post('/ServiceRequest', sent);
    expect(await it_.read<Item>(`refused-writes/${id}`)).toMatchObject({ state: 'dismissed', times: 2 });
    for (const act of ['dismissal', 'replay']) expect((await coordinator.post<Refusal>(`refused-writes/${id}/${act}`, { reason: 'Again' })).body.code).toBe('refused-write.dismissed');
    expect((await it_.read<Page>('refused-writes?state=dismissed')).items[0]?.id).toBe(id);
  });

  it('are kept where nobody can read them, where a Bundle holds one, and for each entry of a batch', async () => {
    const broken = '{"resourceType":"ServiceRequest","status":';
    expect(await refusedAs(from.fhir, broken)).toMatchObject({ status: 400, target: 'ServiceRequest' });
    const bytes = Buffer.from([0x7b, 0xff, 0x7d]);
    expect((await from.fhir.post('', bytes)).status).toBe(400);
    expect((await kept())[0]).toMatchObject({ status: 400, target: 'Bundle' });
    const entry = (patient: string) => ({ resource: request(patient), request: { method: 'POST' as const, url: 'ServiceRequest' } });
    expect(await refusedAs(from.fhir, { resourceType: 'Bundle', type: 'transaction', entry: [entry(crypto.randomUUID())] } satisfies Bundle, '')).toMatchObject({ status: 422, target: 'Bundle' });
    const [good, late] = [crypto.randomUUID(), crypto.randomUUID()];
    await admit(good);
    const before = await count();
    const reply = await from.fhir.post<Bundle>('', { resourceType: 'Bundle', type: 'batch', entry: [entry(good), entry(late), { request: { method: 'GET', url: `Patient/${late}` } }] } satisfies Bundle);
    expect(reply.body.entry?.map(({ response }) => response?.status.slice(0, 3))).toEqual(['201', '422', '404']);
    expect(await count()).toBe(before + 1);
    const [single] = await kept();
    expect(single).toMatchObject({ method: 'POST', target: 'ServiceRequest', status: 422 });
    await admit(late);
    expect((await it_.post<Item>(`refused-writes/${single?.id}/replay`, { reason: 'Arrived' })).body.state).toBe('replayed');
  });

  it('of other types, of people, and of reads are not kept', async () => {
    const before = await count();
    expect((await from.fhir.post('/Patient', { resourceType: 'Patient', name: [{ family: 7 }] })).status).toBe(400);
    expect((await from.fhir.post('/Patient', '{')).status).toBe(400);
    expect((await from.fhir.post('', { resourceType: 'Bundle', type: 'transaction', entry: [{ resource: { resourceType: 'Patient', name: [{ family: 7 }] }, request: { method: 'POST', url: 'Patient' } }] })).status).toBe(400);
    expect((await from.fhir.get('/ServiceRequest/nowhere')).status).toBe(404);
    expect((await new FhirClient(app, await app.as('clinician')).post('/ServiceRequest', '{')).status).toBe(400);
    expect((await new FhirClient(app, 'Bearer nobody').post('/ServiceRequest', '{')).status).toBe(401);
    expect(await count()).toBe(before);
  });

  it('are not shown to other clinics, to other roles, or to systems, and come in pages', async () => {
    const { id } = await refusedAs(from.fhir, request(crypto.randomUUID()));
    const clinic = crypto.randomUUID();
    await owner.query(`insert into clinic (id, slug, name, zone) values ($1, 'other', 'Other clinic', 'Europe/Paris')`, [clinic]);
    const { access_token: token } = await app.get(TokenService).issueDemo(clinic, { kind: 'person', id: 'stranger', name: 'Stranger', roles: ['coordinator', 'hospital-it'] });
    const stranger = new RestClient(app, `Bearer ${token}`);
    expect((await stranger.read<Page>('refused-writes')).items).toEqual([]);
    expect((await stranger.get(`refused-writes/${id}`)).status).toBe(404);
    for (const act of ['replay', 'dismissal']) expect((await stranger.post(`refused-writes/${id}/${act}`, { reason: 'Curious' })).status).toBe(404);
    for (const authorization of [await app.as('clinician'), await app.as('auditor'), from.fhir.authorization]) expect((await new RestClient(app, authorization).get(`refused-writes/${id}`)).status).toBe(403);
    const asHospital = { ...app.scope(), actor: { kind: 'system' as const, id: `hospital-${from.connectionId}`, name: 'Hospital', connectionId: from.connectionId, scopes: ['system/*.cruds'] } };
    expect(await app.transactions.read(asHospital, (tx) => tx.query('select 1 from refused_write'))).toEqual([]);
    const [all, paged] = [await kept(), [] as string[]];
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const page: Page = await it_.read<Page>(`refused-writes?limit=2${cursor === '' ? '' : `&after=${cursor}`}`);
      paged.push(...page.items.map((item) => item.id));
      cursor = page.next;
    }
    expect(paged).toEqual(all.map((item) => item.id));
    expect((await it_.get('refused-writes?state=lost')).status).toBe(400);
  });

  it('never stand before the answer: it comes as ever though nothing can be kept, and though keeping takes long', async () => {
    const sent = request(crypto.randomUUID());
    await owner.query('revoke insert on refused_write from cairn_app');
    const before = await count();
    expect((await from.fhir.post('/ServiceRequest', sent)).status).toBe(422);
    await owner.query('grant insert on refused_write to cairn_app');
    expect(await count()).toBe(before);
    await owner.query('begin');
    await owner.query('lock table refused_write in access exclusive mode');
    expect((await from.fhir.post('/ServiceRequest', sent)).status).toBe(422);
    await owner.query('commit');
    await eventually('what took long is kept', async () => ((await count()) === before + 1 ? true : undefined));
  });

  it('have a room for each client: what was decided about goes first, then the oldest', async () => {
    const client = new FhirClient(app, await app.asSystem('system/*.cruds', { clientId: 'flood', connectionId: from.connectionId }));
    await owner.query(
      `insert into refused_write (clinic_id, id, client_id, client_name, method, target, fingerprint, sealed_request, bytes, status, outcome, first_at, last_at, purge_at, state)
        select $1, gen_random_uuid(), 'flood', 'Flood', 'POST', 'Task', n::text, '', 1, 400, '{}', now() - n * interval '1 minute', now() - n * interval '1 minute', now() + interval '1 day', case n when 7 then 'dismissed' else 'kept' end
        from generate_series(1, 500) n`,
      [app.clinicId],
    );
    const left = async (): Promise<string[]> => (await owner.query<{ fingerprint: string }>(`select fingerprint from refused_write where client_id = 'flood'`)).rows.map(({ fingerprint }) => fingerprint);
    await client.post('/ServiceRequest', request(crypto.randomUUID()));
    expect([(await left()).length, (await left()).includes('7'), (await left()).includes('500')]).toEqual([500, false, true]);
    await client.post('/ServiceRequest', request(crypto.randomUUID()));
    expect([(await left()).length, (await left()).includes('500'), (await left()).includes('499')]).toEqual([500, false, true]);
    await owner.query(`update refused_write set bytes = 200000000 where client_id = 'flood' and fingerprint in ('1', '2')`);
    await client.post('/ServiceRequest', request(crypto.randomUUID()));
    expect([(await left()).includes('1'), (await left()).includes('2'), (await left()).length]).toEqual([true, false, 4]);
    await owner.query(`delete from refused_write where client_id = 'flood'`);
  });

  it('are deleted when their time is over', async () => {
    const { id } = await refusedAs(from.fhir, request(crypto.randomUUID()));
    const purge = app.get(DueWorkRegistry).find('refused-write-purge');
    const due = async () => app.transactions.sweep((database) => purge?.due(database, app.transactions.clock.now(), 10) ?? Promise.resolve([]));
    await app.advance(89 * DAY);
    for (const row of await due()) await purge?.perform(row);
    expect((await it_.get(`refused-writes/${id}`)).status).toBe(200);
    await app.advance(2 * DAY);
    const [row] = await due();
    expect(row).toMatchObject({ clinicId: app.clinicId });
    if (row) await purge?.perform(row);
    expect([await count(), await due()]).toEqual([0, []]);
    expect(await taskOf(id)).toMatchObject({ status: 'failed', businessStatus: { coding: [{ code: 'dropped' }] } });
  });
});
