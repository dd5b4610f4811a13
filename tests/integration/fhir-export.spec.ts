import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CapabilityStatement, OperationOutcome, Resource } from '@medplum/fhirtypes';
import pg from 'pg';
import { startTestApp, type TestApp } from '../support/app.js';
import { complete, exported, kickOff, linesOf, painScore, partsLeft, pathOf } from '../support/export-client.js';
import { eventually } from '../support/eventually.js';
import { FhirClient } from '../support/fhir-client.js';

const EAST = '11111111-1111-4111-8111-111111111111';
const WEST = '22222222-2222-4222-8222-222222222222';
const HOUR = 3_600_000;
const ASYNC = { prefer: 'respond-async' };

describe('$export', () => {
  let app: TestApp;
  let owner: pg.Client;
  let clinic: FhirClient;
  let east: FhirClient;
  let west: FhirClient;
  let anna: string;
  let ben: string;
  let cleo: string;
  let group: string;
  let appointment: string;
  let westPatient: string;
  let exact: string;

  const system = async (scopes: string, options: { connectionId?: string; clientId?: string } = {}) => new FhirClient(app, await app.asSystem(scopes, options));

  beforeAll(async () => {
    app = await startTestApp({ worker: true });
    owner = new pg.Client({ connectionString: app.database.ownerUrl });
    await owner.connect();
    clinic = await system('system/*.cruds', { clientId: 'warehouse' });
    east = await system('system/*.cruds', { connectionId: EAST, clientId: 'east' });
    west = await system('system/*.cruds', { connectionId: WEST, clientId: 'west' });
    anna = await east.create({ resourceType: 'Patient', name: [{ family: 'Annson' }] });
    ben = await east.create({ resourceType: 'Patient', name: [{ family: 'Benson' }] });
    cleo = await east.create({ resourceType: 'Patient', name: [{ family: 'Cleoson' }] });
    westPatient = await west.create({ resourceType: 'Patient', name: [{ family: 'Westley' }] });
    await west.create(painScore(westPatient));
    await east.create({ resourceType: 'Practitioner', name: [{ family: 'Doctor' }] });
    for (const patient of [anna, ben, cleo]) await east.create(painScore(patient, { status: 'preliminary', effectiveDateTime: '2024-05-01' }));
    const { body } = await east.post('/Observation', JSON.stringify(painScore(anna, { note: [{ text: 'two\nlines, "quotes", \u2028 é' }] })).replace('"status"', '"valueQuantity":{"value":1.10},"status"'));
    exact = body.id ?? '';
    appointment = await east.create({ resourceType: 'Appointment', status: 'proposed', participant: [{ actor: { reference: `Patient/${anna}` }, status: 'accepted' }, { actor: { reference: `Patient/${ben}` }, status: 'accepted' }] });
    // About Cleo and only mentioning Anna: not of Anna's compartment.
    await east.create(painScore(cleo, { focus: [{ reference: `Patient/${anna}` }] }));
    group = await east.create({
      resourceType: 'Group',
      type: 'person',
      actual: true,
      member: [{ entity: { reference: `Patient/${anna}` } }, { entity: { reference: `Patient/${ben}` } }, { entity: { reference: `Patient/${cleo}` }, inactive: true }],
    });
  }, 90_000);
  afterAll(async () => {
    await owner.end();
    await app.stop();
  });

  it('gives everything that the caller may see, as it is stored, with a manifest that says what it is', async () => {
    const before = new Date().toISOString();
    const status = await kickOff(clinic, '/$export?_type=Observation,Patient&_outputFormat=application/fhir%2Bndjson');
    const manifest = await complete(clinic, status);
    expect(manifest).toMatchObject({ request: `${app.url}/fhir/$export?_type=Observation%2CPatient&_outputFormat=application%2Ffhir%2Bndjson`, requiresAccessToken: true, error: [] });
    expect(manifest.transactionTime <= new Date().toISOString() && manifest.transactionTime >= new Date(Date.parse(before) - HOUR).toISOString()).toBe(true);
    expect(manifest.output.map(({ type, count }) => [type, count])).toEqual([['Observation', 6], ['Patient', 4]]);
    const lines = await linesOf(clinic, manifest);
    expect(lines).toContain((await clinic.get(`/Observation/${exact}`)).text);
    expect(lines.find((line) => line.includes(exact))).toContain('"value":1.10');
  });

  it('tells how far it is until it is complete, and then until when its files stay', async () => {
    const status = await kickOff(clinic, '/$export');
    await eventually('the export is complete', async () => {
      const reply = await clinic.get(status);
      if (reply.status === 202) {
        expect(reply.headers.get('x-progress')).toMatch(/^(Waiting for a worker|\d+ of \d+ types done, \d+ resources written)$/);
        expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
        return false;
      }
      expect(reply.headers.get('content-type')).toContain('application/json');
      expect(Date.parse(reply.headers.get('expires') ?? '')).toBeGreaterThan(Date.now() + 23 * HOUR);
      return true;
    });
  });

  it('narrows by type, time and filters', async () => {
    expect(await exported(clinic, '/$export?_type=Patient')).toHaveLength(4);
    expect(await exported(clinic, `/$export?_type=Patient&_since=${new Date(Date.now() + HOUR).toISOString()}`)).toEqual([]);
    expect(await exported(clinic, '/$export?_type=Patient&_since=2020-01-01T00:00:00Z')).toHaveLength(4);
    const filter = encodeURIComponent('Observation?status=preliminary,amended&date=2024-05-01,Patient?family=Annson');
    expect((await exported(clinic, `/$export?_type=Observation,Patient&_typeFilter=${filter}`)).sort()).toEqual(expect.arrayContaining([`Patient/${anna}`]));
    expect(await exported(clinic, `/$export?_type=Observation,Patient&_typeFilter=${filter}`)).toHaveLength(4);
    const either = `_typeFilter=${encodeURIComponent('Patient?family=Annson')}&_typeFilter=${encodeURIComponent('Patient?family=Benson')}`;
    expect((await exported(clinic, `/$export?_type=Patient&${either}`)).sort()).toEqual([`Patient/${anna}`, `Patient/${ben}`].sort());
  });

  it('takes what changed since an earlier export by its transactionTime', async () => {
    const first = await complete(clinic, await kickOff(clinic, '/$export?_type=Practitioner'));
    const fresh = await clinic.create({ resourceType: 'Practitioner', name: [{ family: 'Fresh' }] });
    const later = await exported(clinic, `/$export?_type=Practitioner&_since=${first.transactionTime}`);
    expect(later).toContain(`Practitioner/${fresh}`);
    await clinic.delete(`/Practitioner/${fresh}`);
    expect(await exported(clinic, '/$export?_type=Practitioner')).not.toContain(`Practitioner/${fresh}`);
  });

  it('gives all patients, or those of a Group, with what is of their compartments and nothing else', async () => {
    const all = await exported(east, '/Patient/$export');
    expect(all).toEqual(expect.arrayContaining([`Patient/${anna}`, `Patient/${cleo}`, `Appointment/${appointment}`, `Group/${group}`]));
    expect(all.filter((name) => name.startsWith('Practitioner/'))).toEqual([]);
    const members = await exported(east, `/Group/${group}/$export?_type=Patient,Observation,Appointment,Group`);
    expect(new Set(members).size).toBe(members.length);
    expect(members.filter((name) => name.startsWith('Patient/')).sort()).toEqual([`Patient/${anna}`, `Patient/${ben}`].sort());
    expect(members.filter((name) => name.startsWith('Observation/'))).toHaveLength(3);
    expect(members).toEqual(expect.arrayContaining([`Appointment/${appointment}`, `Group/${group}`]));
  });

  it('gives only the patients that are named, of a Group those who are its members', async () => {
    const naming = (...ids: string[]) => ({ resourceType: 'Parameters', parameter: ids.map((id) => ({ name: 'patient', valueReference: { reference: `Patient/${id}` } })) });
    const given = async (path: string, ...ids: string[]): Promise<string[]> => {
      const { status, headers } = await east.post(path, naming(...ids), ASYNC);
      expect(status).toBe(202);
      return (await linesOf(east, await complete(east, pathOf(headers.get('content-location') ?? '')))).map((line) => JSON.parse(line) as Resource).map(({ resourceType, id }) => `${resourceType}/${id}`);
    };
    const bens = await given('/Patient/$export', ben);
    expect(bens.filter((name) => /^(Patient|Observation|Appointment)\//.test(name)).map((name) => name.replace(/(?<=Observation\/).*/, '')).sort()).toEqual([`Appointment/${appointment}`, 'Observation/', `Patient/${ben}`]);
    expect((await given(`/Group/${group}/$export?_type=Patient`, anna, cleo))).toEqual([`Patient/${anna}`]);
    for (const body of [naming(westPatient), naming('nobody'), { resourceType: 'Parameters', parameter: [{ name: 'patient', valueString: anna }] }]) {
      const refused = await east.post<OperationOutcome>('/Patient/$export', body, ASYNC);
      expect([refused.status, refused.body.issue[0]?.expression]).toEqual([400, ['patient']]);
    }
    expect([(await east.post('/$export', naming(anna), ASYNC)).status, (await east.get(`/Patient/$export?patient=Patient/${anna}`, ASYNC)).status]).toEqual([400, 400]);
  });

  it('gives a hospital what is shared with it, and nothing of another', async () => {
    const own = await exported(west, '/$export');
    expect(own.filter((name) => /^(Patient|Observation|Group|Appointment)\//.test(name)).sort()).toEqual([`Patient/${westPatient}`, ...(await west.ids('/Observation')).map((id) => `Observation/${id}`)].sort());
    expect((await west.get(`/Group/${group}/$export`, ASYNC)).status).toBe(404);
    expect((await exported(east, '/Patient/$export')).includes(`Patient/${westPatient}`)).toBe(false);
  });

  it('gives what the scopes cover that the client had when it asked', async () => {
    const narrow = await system('system/Observation.rs?status=preliminary system/Patient.r', { clientId: 'narrow' });
    const got = await exported(narrow, '/$export');
    expect(got).toHaveLength(3);
    expect(got.every((name) => name.startsWith('Observation/'))).toBe(true);
    expect((await narrow.get('/$export?_type=Patient', ASYNC)).status).toBe(403);
    expect((await (await system('system/Patient.r')).get('/$export', ASYNC)).status).toBe(403);
  });

  it('keeps status and files for the client that asked, with its token and its link', async () => {
    const status = await kickOff(east, '/$export?_type=Patient');
    const { output } = await complete(east, status);
    const file = pathOf(output[0]?.url ?? '');
    for (const stranger of [west, clinic, await system('system/*.cruds', { connectionId: EAST, clientId: 'another' })]) {
      for (const path of [status, file]) expect((await stranger.get(path)).status).toBe(404);
      expect((await stranger.delete(status)).status).toBe(404);
    }
    expect((await fetch(output[0]?.url ?? '')).status).toBe(401);
    expect((await east.get(`${file.slice(0, -3)}xyz`)).status).toBe(404);
    const other = await complete(east, await kickOff(east, '/$export?_type=Observation'));
    expect((await east.get(`${status}/${pathOf(other.output[0]?.url ?? '').split('/').at(-1)}`)).status).toBe(404);
    const own = await fetch(output[0]?.url ?? '', { headers: { authorization: east.authorization } });
    expect([own.status, own.headers.get('content-type')]).toEqual([200, expect.stringContaining('application/fhir+ndjson')]);
  });

  it('sends files as they are, or gzipped to those who take it', async () => {
    const { output } = await complete(clinic, await kickOff(clinic, '/$export?_type=Patient'));
    const ask = (encoding: string) => fetch(output[0]?.url ?? '', { headers: { authorization: clinic.authorization, 'accept-encoding': encoding } });
    const [plain, zipped] = [await ask('identity'), await ask('gzip')];
    expect([plain.headers.get('content-encoding'), zipped.headers.get('content-encoding')]).toEqual([null, 'gzip']);
    expect(await zipped.text()).toBe(await plain.text());
  });

  it('leaves a trace of who asked, and of who received what about whom', async () => {
    const status = await kickOff(east, `/Group/${group}/$export?_type=Patient`);
    await linesOf(east, await complete(east, status));
    const { rows } = await owner.query<{ what: string; entities: string[]; patients: string[] }>(
      `select what, entities, patients from audit where actor_id = 'east' and what in ('fhir.$export', 'fhir.export-file') order by recorded_at desc limit 2`,
    );
    expect(rows[1]).toEqual({ what: 'fhir.$export', entities: [`Group/${group}`], patients: [] });
    expect(rows[0]?.entities.sort()).toEqual([`Patient/${anna}`, `Patient/${ben}`].sort());
    expect(rows[0]?.patients.sort()).toEqual([anna, ben].sort());
  });

  it('writes many resources in parts, each once', async () => {
    await owner.query(
      `insert into fhir_resource (clinic_id, resource_type, id, version, seq, last_updated, method, patient, patient_ids, owner, author, body)
       select $1, 'Substance', 's' || n, 1, 1000000000 + n, now(), 'POST', 0, '{}', 'outside', 'test',
         '{"resourceType":"Substance","id":"s' || n || '","description":"' || repeat('x', case when n = 77 then 3000000 else n % 1500 end) || '","code":{"text":"y"}}'
       from generate_series(1, 5000) n`,
      [app.clinicId],
    );
    const status = await kickOff(clinic, '/$export?_type=Substance');
    const manifest = await complete(clinic, status);
    expect(await partsLeft(owner, status)).toBeGreaterThan(3);
    const ids = (await linesOf(clinic, manifest)).map((line) => (JSON.parse(line) as { id: string }).id);
    expect(ids).toHaveLength(5000);
    expect(new Set(ids).size).toBe(5000);
    await owner.query(`delete from fhir_resource where resource_type = 'Substance'`);
  });

  it('is cancelled by DELETE, which takes the files away', async () => {
    const status = await kickOff(clinic, '/$export?_type=Patient');
    await complete(clinic, status);
    expect(await partsLeft(owner, status)).toBe(1);
    expect((await clinic.delete(status)).status).toBe(202);
    expect((await clinic.get(status)).status).toBe(404);
    expect((await clinic.delete(status)).status).toBe(404);
    await eventually('the files are gone', async () => (await partsLeft(owner, status)) === 0);
  });

  it.each([
    ['/$export', {}, 'Prefer'],
    ['/$export?_outputFormat=csv', ASYNC, '_outputFormat'],
    ['/$export?_since=yesterday', ASYNC, '_since'],
    ['/$export?_type=Nothing', ASYNC, '_type'],
    ['/$export?_elements=id', ASYNC, '_elements'],
    ['/Patient/$export?_type=ValueSet', ASYNC, '_type'],
    ['/$export?_typeFilter=Observation', ASYNC, '_typeFilter'],
    ['/$export?_typeFilter=Nothing?x=y', ASYNC, '_typeFilter'],
    ['/$export?_type=Patient&_typeFilter=Observation?status=final', ASYNC, '_typeFilter'],
    ['/$export?_typeFilter=Observation?_sort=date', ASYNC, '_typeFilter'],
    ['/$export?_typeFilter=Observation?nonsense=1', ASYNC, 'nonsense'],
  ])('refuses %s and names what is wrong', async (path, headers, name) => {
    const { status, body } = await clinic.get<OperationOutcome>(path, headers);
    expect([status, body.issue[0]?.expression]).toEqual([400, [name]]);
  });

  it('passes over what it does not support when asked to be lenient, and takes Parameters by POST', async () => {
    expect((await clinic.get('/$export?_elements=id', { prefer: 'respond-async, handling=lenient' })).status).toBe(202);
    const { status, headers } = await clinic.post('/Patient/$export', { resourceType: 'Parameters', parameter: [{ name: '_type', valueString: 'Patient' }] }, ASYNC);
    expect(status).toBe(202);
    expect((await complete(clinic, pathOf(headers.get('content-location') ?? ''))).output).toMatchObject([{ type: 'Patient', count: 4 }]);
    expect((await clinic.get(`/Patient/${anna}/$export`, ASYNC)).status).toBe(405);
    expect((await clinic.get('/Observation/$export', ASYNC)).status).toBe(405);
  });

  it('lets one client have only a few under way', async () => {
    const greedy = await system('system/*.rs', { clientId: 'greedy' });
    for (let n = 0; n < 4; n++) {
      await owner.query(
        `insert into fhir_export (clinic_id, id, actor, actor_kind, actor_id, request_url, level, types, filters, state, requested_at, due_at)
         values ($1, gen_random_uuid(), '{}', 'system', 'greedy', '', 'system', '{}', '{}', 'running', now(), 'infinity')`,
        [app.clinicId],
      );
    }
    const { status, headers } = await greedy.get('/$export', ASYNC);
    expect([status, headers.get('retry-after')]).toEqual([429, '60']);
  });

  it('is in the CapabilityStatement, by the definitions of the IG', async () => {
    const { body } = await clinic.get<CapabilityStatement>('/metadata');
    const rest = body.rest?.[0];
    const of = (type?: string) => (type ? rest?.resource?.find((each) => each.type === type)?.operation : rest?.operation)?.filter(({ name }) => name === 'export').map(({ definition }) => definition);
    expect(of()).toEqual(['http://hl7.org/fhir/uv/bulkdata/OperationDefinition/export']);
    expect(of('Patient')).toEqual(['http://hl7.org/fhir/uv/bulkdata/OperationDefinition/patient-export']);
    expect(of('Group')).toEqual(['http://hl7.org/fhir/uv/bulkdata/OperationDefinition/group-export']);
    expect(body.instantiates).toContain('http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data');
  });

  it('walks along indexes, whatever the level', async () => {
    const plan = (order: string, condition: string) =>
      app.transactions.read(app.scope(), async (tx) => {
        await tx.query('set local enable_seqscan = off');
        const rows = await tx.query<{ 'QUERY PLAN': string }>(
          `explain (costs off) select r.body from fhir_resource r where r.clinic_id = $1 and r.resource_type = 'Observation' and r.method <> 'DELETE' and ${condition} order by ${order} limit 10`,
          [app.clinicId],
        );
        return rows.map((row) => row['QUERY PLAN']).join('\n');
      });
    const whole = await plan('r.seq', '(r.seq) > (5)');
    expect(whole).toMatch(/fhir_resource_(type|seq)/);
    expect(whole).not.toContain('Sort');
    const group = await plan('r.patient, r.resource_type, r.seq', `r.patient <> 0 and r.patient = any('{1,2}'::bigint[]) and (r.patient, r.resource_type, r.seq) > (1, 'Observation', 5)`);
    expect(group).toContain('fhir_resource_patient');
    expect(group).not.toContain('Sort');
  });

  it('lets what it made expire', async () => {
    const status = await kickOff(clinic, '/$export?_type=Patient');
    const { output } = await complete(clinic, status);
    await app.advance(25 * HOUR);
    expect((await clinic.get(status)).status).toBe(404);
    expect((await clinic.get(pathOf(output[0]?.url ?? ''))).status).toBe(410);
    await eventually('the files are gone', async () => (await partsLeft(owner, status)) === 0);
  });
});
