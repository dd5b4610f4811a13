import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Bundle, CareTeam, Coding, Consent, Observation, Patient, Task } from '@medplum/fhirtypes';
import { isDisclosable, sharePatient } from '@cairn/fhir';
import { OpenLoops, cairnScope } from '@cairn/platform';
import pg from 'pg';
import { startTestApp, type TestApp } from '../support/app.js';
import { FhirClient } from '../support/fhir-client.js';
import { RestClient } from '../support/rest-client.js';

const EAST = '11111111-1111-4111-8111-111111111111';
const WEST = '22222222-2222-4222-8222-222222222222';
const NOTICE = '42 CFR part 2 prohibits unauthorized use or disclosure of these records.';

const act = (code: string): Coding => ({ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code });
const confidentiality = (code: string): Coding => ({ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code });

describe('labelled records', () => {
  let app: TestApp;
  let owner: pg.Client;
  let east: FhirClient;
  let west: FhirClient;
  let clinician: FhirClient;
  let coordinator: FhirClient;
  let anna: string;
  /** Observations of Anna by the name of their label. */
  const records: Record<string, string> = {};

  const observation = (patient: string, label?: Coding): Observation => ({
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '72514-3' }] },
    subject: { reference: `Patient/${patient}` },
    ...(label ? { meta: { security: [label] } } : {}),
  });
  const seenBy = async (client: FhirClient, patient = anna): Promise<string[]> => {
    const ids = await client.ids(`/Observation?patient=${patient}`);
    return Object.entries(records)
      .filter(([, id]) => ids.includes(id))
      .map(([name]) => name)
      .sort();
  };
  const as = async (role: 'clinician' | 'coordinator' | 'conference-lead') => new FhirClient(app, await app.as(role));

  beforeAll(async () => {
    app = await startTestApp();
    owner = new pg.Client({ connectionString: app.database.ownerUrl });
    await owner.connect();
    east = new FhirClient(app, await app.asSystem('system/*.*', { connectionId: EAST, clientId: 'east' }));
    west = new FhirClient(app, await app.asSystem('system/*.*', { connectionId: WEST, clientId: 'west' }));
    clinician = await as('clinician');
    coordinator = await as('coordinator');
    anna = await east.create({ resourceType: 'Patient', name: [{ family: 'Secret' }] });
    await app.transactions.run(cairnScope(app.clinicId, 'test', 'test-share'), (tx) => sharePatient(tx, WEST, anna));
    records['plain'] = await east.create(observation(anna));
    records['psychotherapy'] = await east.create(observation(anna, act('PSYTHPN')));
    records['part2'] = await east.create(observation(anna, act('42CFRPart2')));
    records['restricted'] = await east.create(observation(anna, confidentiality('R')));
    records['very'] = await east.create(observation(anna, confidentiality('V')));
  });
  afterAll(async () => {
    await owner.end();
    await app.stop();
  });

  it('are seen by role, and by whoever sent them', async () => {
    expect(await seenBy(east)).toEqual(['part2', 'plain', 'psychotherapy', 'restricted', 'very']);
    expect(await seenBy(west)).toEqual(['plain']);
    expect(await seenBy(clinician)).toEqual(['part2', 'plain', 'restricted', 'very']);
    expect(await seenBy(coordinator)).toEqual(['plain', 'restricted']);
    expect(await seenBy(await as('conference-lead'))).toEqual(['part2', 'plain', 'restricted']);
  });

  it('are hidden in every interaction alike: read, history, counts, includes, chains, _has, and as what a condition looks through', async () => {
    const hidden = records['part2'] ?? '';
    for (const path of ['', '/_history', '/_history/1']) expect((await coordinator.get(`/Observation/${hidden}${path}`)).status).toBe(404);
    expect((await coordinator.get<Bundle>(`/Observation?patient=${anna}&_summary=count`)).body.total).toBe(2);
    expect((await coordinator.get<Bundle>(`/Observation?_security=http://terminology.hl7.org/CodeSystem/v3-ActCode|42CFRPart2&_total=accurate`)).body.total).toBe(0);
    for (const path of [`/Patient?_id=${anna}&_revinclude=Observation:patient`, '/Observation/_history', '/_history', `/Patient/${anna}/Observation`]) {
      expect((await coordinator.get(`${path}${path.includes('?') ? '&' : '?'}_count=500`)).text).not.toContain(hidden);
    }
    const report = await east.create({ resourceType: 'DiagnosticReport', status: 'final', code: { text: 'x' }, subject: { reference: `Patient/${anna}` }, result: [{ reference: `Observation/${hidden}` }] });
    expect(await clinician.ids('/DiagnosticReport?result:Observation.code=72514-3')).toEqual([report]);
    expect(await coordinator.ids('/DiagnosticReport?result:Observation.code=72514-3')).toEqual([]);
    expect(await coordinator.ids(`/DiagnosticReport?result:Observation._security=http://terminology.hl7.org/CodeSystem/v3-ActCode|42CFRPart2`)).toEqual([]);
    expect(await coordinator.ids(`/Patient?_has:Observation:patient:_security=http://terminology.hl7.org/CodeSystem/v3-ActCode|42CFRPart2`)).toEqual([]);
    expect((await coordinator.get<Bundle>(`/DiagnosticReport?_id=${report}&_include=DiagnosticReport:result`)).body.entry?.length).toBe(1);
    expect((await west.put(`/Observation/${hidden}`, { ...observation(anna), id: hidden })).status).toBe(405);
  });

  it('stay hidden in their past when the label is taken off, and become hidden when one is put on', async () => {
    const id = await east.create(observation(anna, act('PSYTHPN')));
    await east.put(`/Observation/${id}`, { ...observation(anna), id });
    expect((await coordinator.get(`/Observation/${id}`)).status).toBe(200);
    expect((await coordinator.get(`/Observation/${id}/_history/1`)).status).toBe(404);
    await east.put(`/Observation/${id}`, { ...observation(anna, act('PSYTHPN')), id });
    expect((await coordinator.get(`/Observation/${id}`)).status).toBe(404);
    expect((await coordinator.get(`/Observation/${id}/_history/2`)).status).toBe(200);
    await east.delete(`/Observation/${id}`);
  });

  it('of substance use treatment carry their notice', async () => {
    expect((await clinician.get(`/Observation/${records['part2']}`)).headers.get('x-confidentiality-notice')).toBe(NOTICE);
    expect((await clinician.get(`/Observation/${records['restricted']}`)).headers.get('x-confidentiality-notice')).toBeNull();
    const found = await clinician.get<Bundle>(`/Observation?patient=${anna}`);
    expect(found.text).toContain(NOTICE);
    expect((await coordinator.get<Bundle>(`/Observation?patient=${anna}`)).text).not.toContain(NOTICE);
  });

  it('are for the care team alone where one is recorded, for as long as its period runs', async () => {
    const me = (await clinician.ids('/Practitioner?identifier=urn:cairn:user|demo-clinician'))[0] ?? '';
    const ben = await east.create({ resourceType: 'Patient', name: [{ family: 'Other' }] });
    const secret = await east.create(observation(ben, confidentiality('R')));
    const team = (start: string, end?: string): CareTeam => ({
      resourceType: 'CareTeam',
      status: 'active',
      subject: { reference: `Patient/${ben}` },
      participant: [{ member: { reference: `Practitioner/${me}` }, period: { start, ...(end ? { end } : {}) } }],
    });
    const can = async (client: FhirClient) => (await client.get(`/Observation/${secret}`)).status;
    expect([await can(clinician), await can(coordinator)]).toEqual([200, 200]);
    const id = await clinician.create(team('2020-01-01'));
    expect([await can(clinician), await can(coordinator)]).toEqual([200, 404]);
    await clinician.put(`/CareTeam/${id}`, { ...team('2020-01-01', '2021-01-01'), id });
    expect([await can(clinician), await can(coordinator)]).toEqual([404, 404]);
    await clinician.delete(`/CareTeam/${id}`);
    expect([await can(clinician), await can(coordinator)]).toEqual([200, 200]);
    await east.create(team('2020-01-01', '2021-01-01'));
    expect([await can(clinician), await can(coordinator)]).toEqual([200, 200]);
  });

  it('are all records of a patient who works here, from the label on the Patient', async () => {
    const staff: Patient = { resourceType: 'Patient', name: [{ family: 'Colleague' }] };
    const id = await east.create(staff);
    const before = await east.create(observation(id));
    expect((await coordinator.get(`/Observation/${before}`)).status).toBe(200);
    expect((await east.put(`/Patient/${id}`, { ...staff, id, meta: { security: [act('EMP')] } })).status).toBe(200);
    const after = await east.create(observation(id));
    for (const each of [`/Patient/${id}`, `/Observation/${before}`, `/Observation/${before}/_history/1`, `/Observation/${after}`]) {
      expect([each, (await coordinator.get(each)).status]).toEqual([each, 404]);
      expect([each, (await clinician.get(each)).status]).toEqual([each, 200]);
    }
    await east.put(`/Patient/${id}`, { ...staff, id });
    expect((await coordinator.get(`/Observation/${before}`)).status).toBe(200);
  });

  describe('and Consents', () => {
    let cora: string;
    let plain: string;
    let part2: string;
    const consent = (provision: Consent['provision']): Consent => ({
      resourceType: 'Consent',
      status: 'active',
      scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
      category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
      patient: { reference: `Patient/${cora}` },
      policyRule: { text: 'as asked' },
      ...(provision ? { provision } : {}),
    });
    const actor = (system: string, value: string) => ({ role: { text: 'recipient' }, reference: { identifier: { system, value } } });
    const status = async (client: FhirClient, id: string) => (await client.get(`/Observation/${id}`)).status;
    const disclosable = (connection: string, id: string) => app.transactions.read(cairnScope(app.clinicId, 'test', 'test-disclose'), (tx) => isDisclosable(tx, connection, 'Observation', id));
    const during = async (provision: Consent['provision'], look: () => Promise<void>) => {
      const id = await clinician.create(consent(provision));
      await look();
      await clinician.put(`/Consent/${id}`, { ...consent(provision), id, status: 'inactive' });
    };

    beforeAll(async () => {
      cora = await east.create({ resourceType: 'Patient', name: [{ family: 'Careful' }] });
      await app.transactions.run(cairnScope(app.clinicId, 'test', 'test-share'), (tx) => sharePatient(tx, WEST, cora));
      plain = await east.create(observation(cora));
      part2 = await east.create(observation(cora, act('42CFRPart2')));
    });

    it('keep a hospital out, or a person, from all or from a class; and what is written later too', async () => {
      await during({ type: 'deny', actor: [actor('urn:cairn:connection', WEST)] }, async () => {
        expect([await status(west, plain), await status(east, plain), await status(clinician, plain)]).toEqual([404, 200, 200]);
        expect([await disclosable(WEST, plain), await disclosable(EAST, plain)]).toEqual([false, true]);
        const later = await clinician.create(observation(cora));
        expect([await status(west, later), await status(east, later)]).toEqual([404, 200]);
      });
      expect(await status(west, plain)).toBe(200);
      await during({ type: 'deny', actor: [actor('urn:cairn:user', 'demo-coordinator')] }, async () => {
        expect([await status(coordinator, plain), await status(clinician, plain)]).toEqual([404, 200]);
      });
      await during({ type: 'deny', actor: [actor('urn:cairn:connection', WEST)], class: [{ system: 'http://hl7.org/fhir/resource-types', code: 'Condition' }] }, async () => {
        expect(await status(west, plain)).toBe(200);
      });
      await during({ type: 'deny', period: { end: '2020-01-01' } }, async () => {
        expect(await status(west, plain)).toBe(200);
      });
    });

    it('let out what a label keeps in, to those they name alone, with exceptions inside', async () => {
      expect([await status(west, part2), await disclosable(WEST, part2)]).toEqual([404, false]);
      await during({ type: 'permit', actor: [actor('urn:cairn:connection', WEST)], securityLabel: [act('42CFRPart2')] }, async () => {
        const answer = await west.get(`/Observation/${part2}`);
        expect([answer.status, answer.headers.get('x-confidentiality-notice')]).toEqual([200, NOTICE]);
        expect(await disclosable(WEST, part2)).toBe(true);
      });
      await during({ type: 'deny', provision: [{ type: 'permit', actor: [actor('urn:cairn:connection', WEST)] }] }, async () => {
        expect([await status(west, plain), await status(west, part2)]).toEqual([200, 404]);
        expect(await status(new FhirClient(app, await app.asSystem('system/*.*', { clientId: 'another' })), plain)).toBe(404);
      });
      await during({ type: 'permit', purpose: [act('TREAT')], securityLabel: [act('42CFRPart2')] }, async () => {
        expect(await status(west, part2)).toBe(404);
      });
    });
  });

  describe('and the glass', () => {
    const rest = async (role: 'clinician' | 'coordinator' | 'hospital-it' | 'clinic-administrator') => new RestClient(app, await app.as(role));
    const reason = 'Unconscious in the emergency department';

    it('opens them to one person for one patient, for a while, with a reason that is recorded and reviewed', async () => {
      const other = await east.create({ resourceType: 'Patient', name: [{ family: 'Else' }] });
      const elsewhere = await east.create(observation(other, act('PSYTHPN')));
      const broken = await (await rest('clinician')).post<{ id: string; endsAt: string }>(`patients/${anna}/break-glass`, { reason });
      expect(broken.status).toBe(201);
      expect(Date.parse(broken.body.endsAt)).toBeGreaterThan(Date.now() + 50 * 60_000);
      expect(await seenBy(clinician)).toContain('psychotherapy');
      expect((await clinician.get(`/Observation/${elsewhere}`)).status).toBe(404);
      expect(await seenBy(coordinator)).toEqual(['plain', 'restricted']);
      expect(await seenBy(await as('conference-lead'))).toEqual(['part2', 'plain', 'restricted']);
      const administrator = await rest('clinic-administrator');
      const list = await administrator.read<{ items: { id: string; patientId: string; reason: string; reviewDueAt: string }[] }>('break-glass?unreviewed=true');
      expect(Date.parse(list.items[0]?.reviewDueAt ?? '')).toBeGreaterThan(Date.now() + 71 * 3_600_000);
      expect(list.items).toEqual([expect.objectContaining({ id: broken.body.id, patientId: anna, reason, personName: 'Demo clinician' })]);
      const task = async () => (await coordinator.get<Task>(`/Task/${broken.body.id}`)).body;
      expect(await task()).toMatchObject({ status: 'requested', code: { coding: [{ code: 'break-glass-review' }] }, owner: { display: 'Clinic administrators and auditors' } });
      for (const secret of [anna, reason]) expect(JSON.stringify(await task())).not.toContain(secret);
      for (const system of [east, west]) expect((await system.get(`/Task/${broken.body.id}`)).status).toBe(404);
      const watched = async () => (await app.transactions.read(app.scope(), (tx) => app.get(OpenLoops).check(tx, 10))).find(({ kind }) => kind === 'break-glass use');
      expect(await watched()).toMatchObject({ open: 1, loose: [] });
      await owner.query(`update fhir_break_glass set begins_at = begins_at - interval '73 hours' where id = $1`, [broken.body.id]);
      expect(await watched()).toMatchObject({ open: 1, loose: [{ id: broken.body.id, lacks: ['owner'] }] });
      expect((await administrator.post(`break-glass/${broken.body.id}/review`, { note: 'Confirmed' })).status).toBe(200);
      expect([(await task()).status, (await watched())?.open]).toEqual(['completed', 0]);
      expect((await administrator.post(`break-glass/${broken.body.id}/review`, { note: 'Confirmed' })).status).toBe(409);
      expect((await administrator.read<{ items: unknown[] }>('break-glass?unreviewed=true')).items).toEqual([]);
      const auditor = new FhirClient(app, await app.as('auditor'));
      const events = await auditor.get<Bundle>(`/AuditEvent?patient=${anna}&subtype=break-glass`);
      expect(events.body.entry?.[0]?.resource).toMatchObject({ purposeOfEvent: [{ coding: [{ code: 'BTG' }], text: reason }] });
      await owner.query(`update fhir_break_glass set ends_at = now() - interval '1 second' where id = $1`, [broken.body.id]);
      expect(await seenBy(clinician)).not.toContain('psychotherapy');
    });

    it('lifts for each role only what the table says, and is not for everybody', async () => {
      expect((await (await rest('coordinator')).post(`patients/${anna}/break-glass`, { reason })).status).toBe(201);
      expect(await seenBy(coordinator)).toEqual(['part2', 'plain', 'restricted']);
      expect((await (await rest('hospital-it')).post(`patients/${anna}/break-glass`, { reason })).status).toBe(403);
      expect((await (await rest('clinician')).post(`patients/${anna}/break-glass`, { reason: 'no' })).status).toBe(400);
      expect((await (await rest('clinician')).post('patients/nobody/break-glass', { reason })).status).toBe(404);
      expect((await (await rest('clinician')).get('break-glass')).status).toBe(403);
    });
  });
});
