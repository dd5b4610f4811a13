import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { organizationId } from '@cairn/people';
import { Clinics } from '@cairn/platform';
import { Referrals } from '@cairn/referrals';
import type { Bundle, Condition, ServiceRequest, Task } from '@medplum/fhirtypes';
import { startTestApp, type TestApp } from '../support/app.js';
import { setClinic } from '../support/clinic-settings.js';
import { eventually } from '../support/eventually.js';
import { PAIN_CODE, Staff, hospital, idsIn, referralBundle, send, taskStory, type Hospital, type ReferralAnswer, type ReferralParts } from '../support/referral-factory.js';

const subject = { reference: 'Patient/none' };
const condition = (code: string, rest: Partial<Condition> = {}): Condition => ({ resourceType: 'Condition', subject, code: { coding: [{ system: 'http://snomed.info/sct', code }] }, ...rest });

describe('a referral comes in', () => {
  let app: TestApp;
  let plain: Hospital;
  let coordinator: Staff;
  let clinician: Staff;

  beforeAll(async () => {
    app = await startTestApp();
    plain = await hospital(app, 'plain');
    coordinator = new Staff(app, await app.as('coordinator'));
    clinician = new Staff(app, await app.as('clinician'));
  });
  afterAll(() => app.stop());

  it('in one transaction with its Task: on the worklist, checked, and received', async () => {
    const ids = await send(plain.fhir, referralBundle({ rests: [condition('82423001', { onsetDateTime: '2025-06-01' })] }));
    const referral = await coordinator.find(ids['Patient'] ?? '');
    expect(referral).toMatchObject({ state: 'received', taskId: ids['Task'], serviceRequestId: ids['ServiceRequest'], urgency: 'routine', nextAction: 'open-triage' });
    expect(referral.missing.map(({ id }) => id)).toEqual(['location', 'treatments', 'medicines', 'dependence', 'findings', 'function', 'specialists', 'goals', 'wish']);
    expect(referral.flags.filter(({ flag }) => flag === 'cauda-equina')).toMatchObject([{ state: 'not-known', evidence: [] }]);
    const task = (await plain.fhir.get<Task>(`/Task/${ids['Task']}`)).body;
    expect(task.status).toBe('received');
    expect(task.identifier).toContainEqual(expect.objectContaining({ system: 'urn:cairn:referral', value: referral.id }));
    expect(task.identifier).toContainEqual(expect.objectContaining({ system: 'urn:example:hospital' }));
    expect(await taskStory(plain.fhir, task.id ?? '')).toEqual(['requested', 'received']);
  });

  it('as a request alone: Cairn makes the Task', async () => {
    const ids = await send(plain.fhir, referralBundle({ task: null, request: { priority: 'urgent' } }));
    const referral = await coordinator.find(ids['Patient'] ?? '');
    const task = (await plain.fhir.get<Task>(`/Task/${referral.taskId}`)).body;
    expect(task).toMatchObject({ status: 'received', priority: 'urgent', focus: { reference: `ServiceRequest/${ids['ServiceRequest']}` }, for: { reference: `Patient/${ids['Patient']}` } });
  });

  it('as a request alone, with the requester’s Task later: theirs replaces Cairn’s and is brought to where the referral is', async () => {
    const ids = await send(plain.fhir, referralBundle({ task: null }));
    const before = await coordinator.find(ids['Patient'] ?? '');
    await coordinator.act(before.id, 'POST', 'triage');
    const later: Task = {
      resourceType: 'Task', status: 'requested', intent: 'order', focus: { reference: `ServiceRequest/${ids['ServiceRequest']}` }, for: { reference: `Patient/${ids['Patient']}` },
      code: { coding: [{ system: 'http://hl7.org/fhir/CodeSystem/task-code', code: 'fulfill' }] },
    };
    const taskId = await plain.fhir.create(later);
    const { body: after } = await coordinator.read(before.id);
    expect(after.taskId).toBe(taskId);
    expect((await plain.fhir.get<Task>(`/Task/${taskId}`)).body.status).toBe('received');
    expect((await plain.fhir.get<Task>(`/Task/${before.taskId}`)).body).toMatchObject({ status: 'cancelled', statusReason: { coding: [{ code: 'superseded' }] } });
  });

  it('once, though it is pushed and polled at the same time', async () => {
    const number = crypto.randomUUID();
    const replies = await Promise.all(Array.from({ length: 8 }, () => plain.fhir.post<Bundle>('', referralBundle({ number, task: null }))));
    expect(replies.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
    const requests = replies.map(({ body }) => idsIn(body)['ServiceRequest'] ?? '');
    const found = await app.transactions.run(app.scope(), (tx) =>
      tx.query<{ referral_id: string }>('select distinct referral_id from referral_key where key = any($1)', [requests.map((id) => `ServiceRequest/${id}`)]),
    );
    expect(found).toHaveLength(1);
  });

  it('is not confused with the same number from another hospital', async () => {
    const other = await hospital(app, 'plain');
    const number = crypto.randomUUID();
    const mine = await send(plain.fhir, referralBundle({ number, task: null }));
    const theirs = await send(other.fhir, referralBundle({ number, task: null }));
    expect((await coordinator.find(mine['Patient'] ?? '')).id).not.toBe((await coordinator.find(theirs['Patient'] ?? '')).id);
  });

  it('keeps what the requester put on the Task, digit by digit', async () => {
    const bundle = JSON.stringify(referralBundle({ task: { input: [{ type: { text: 'dose' }, valueDecimal: 11.25 }] } })).replace('11.25', '11.250');
    const reply = await plain.fhir.post<Bundle>('', bundle);
    expect(reply.status).toBe(200);
    const read = await plain.fhir.get(`/Task/${idsIn(reply.body)['Task']}`);
    expect(read.text).toContain('"valueDecimal":11.250');
    expect(read.text).toContain('"status":"received"');
  });

  it.each<[string, ReferralParts]>([
    ['a plan, not an order', { request: { intent: 'plan' } }],
    ['another service', { request: { code: { text: 'Blood count' } } }],
    ['a draft', { request: { status: 'draft' } }],
    ['a Task that is over', { task: { status: 'completed' } }],
    ['a Task that is only drafted', { task: { status: 'draft' } }],
  ])('not, when it is %s: that is only stored', async (_, parts) => {
    const ids = await send(plain.fhir, referralBundle(parts));
    await expect(coordinator.find(ids['Patient'] ?? '')).rejects.toThrow('no referral');
    expect((await plain.fhir.get<Task>(`/Task/${ids['Task']}`)).body).toMatchObject({ status: parts.task?.status ?? 'requested', meta: { versionId: '1' } });
  });

  it('when a drafted Task is handed over at last', async () => {
    const ids = await send(plain.fhir, referralBundle({ task: { status: 'draft' } }));
    const task = (await plain.fhir.get<Task>(`/Task/${ids['Task']}`)).body;
    expect((await plain.fhir.put(`/Task/${ids['Task']}`, { ...task, status: 'requested' })).status).toBe(200);
    expect((await coordinator.find(ids['Patient'] ?? '')).taskId).toBe(ids['Task']);
  });

  it('when the clinic is its performer, by Organization, whatever its code', async () => {
    const ids = await send(plain.fhir, referralBundle({ request: { code: { text: 'Please see' }, performer: [{ reference: `Organization/${organizationId(app.clinicId)}` }] } }));
    expect((await coordinator.find(ids['Patient'] ?? '')).state).toBe('received');
  });

  it('as a Task for the pool, which names no owner: it stands unassigned until somebody has it, and walks to its end', async () => {
    const ids = await send(plain.fhir, referralBundle({ request: { code: { text: 'Please see' }, category: [{ coding: [PAIN_CODE] }] } }));
    const owner = async (version: string): Promise<unknown> => (await plain.fhir.get<Task>(`/Task/${ids['Task']}${version}`)).body.owner?.reference;
    expect([await owner('/_history/1'), await owner('')]).toEqual([undefined, `Organization/${organizationId(app.clinicId)}`]);
    const { id, taskId } = await coordinator.find(ids['Patient'] ?? '');
    expect(taskId).toBe(ids['Task']);
    const unassigned = async (): Promise<string[]> => (await coordinator.call<{ items: { id: string }[] }>('GET', `/referrals?view=unassigned&patient=${ids['Patient']}`)).body.items.map((item) => item.id);
    expect(await unassigned()).toEqual([id]);
    expect((await coordinator.call('PUT', `/referrals/${id}/owner`, { to: { personId: 'demo-coordinator' } })).status).toBe(200);
    expect(await unassigned()).toEqual([]);
    await coordinator.act(id, 'POST', 'triage');
    await coordinator.act(id, 'POST', 'acceptance', { urgency: 'stat', pathway: 'assessment', comment: 'Fits.' });
    await coordinator.act(id, 'POST', 'appointment', { start: '2031-01-15T09:00:00Z', minutes: 30 });
    await coordinator.act(id, 'POST', 'attendance');
    expect(await coordinator.act(id, 'POST', 'closure', { summary: 'Walks again.' })).toMatchObject({ state: 'closed' });
    expect(await taskStory(plain.fhir, taskId)).toEqual(['requested', 'received', 'accepted', 'in-progress', 'completed']);
  });

  it('asking for advice, for a discipline or a programme, as its codes say; a person’s word on whom it is for holds', async () => {
    const [advice, lifestyle, physiotherapy] = [{ system: 'urn:example:asks', code: 'advice' }, { system: 'http://snomed.info/sct', code: '313204009' }, { system: 'http://terminology.hl7.org/CodeSystem/service-type', code: '65' }];
    const before = (await app.get(Clinics).get(app.clinicId)).settings['referrals'] ?? {};
    await setClinic(app, { referrals: { ...before, coding: { advice: [advice], adviceIntents: ['proposal'], programmes: [{ ...lifestyle, programme: 'lifestyle' }] } } });
    await eventually('the clinic’s codes', async () => JSON.stringify((await app.get(Clinics).get(app.clinicId)).settings).includes('urn:example:asks'));
    type Asking = ReferralAnswer & { asksFor: string; discipline: string | null; programme: string | null; suggestion: { pathway: string; rule: string } | null };
    const come = async (request: Partial<ServiceRequest>): Promise<Asking> => (await coordinator.find((await send(plain.fhir, referralBundle({ request })))['Patient'] ?? '')) as Asking;
    expect(await come({})).toMatchObject({ asksFor: 'care', discipline: null, programme: null, suggestion: { pathway: 'assessment' } });
    expect(await come({ intent: 'proposal' })).toMatchObject({ asksFor: 'advice', suggestion: { rule: 'advice-asked' } });
    const asked = await come({ category: [{ coding: [advice] }, { coding: [lifestyle] }], performerType: { coding: [physiotherapy] } });
    expect(asked).toMatchObject({ asksFor: 'advice', discipline: 'physiotherapy', programme: 'lifestyle', suggestion: { pathway: 'advice-only' } });

    await coordinator.call('PUT', `/referrals/${asked.id}/routing`, { discipline: 'psychology' });
    const request = (await plain.fhir.get<ServiceRequest>(`/ServiceRequest/${asked.serviceRequestId}`)).body;
    expect((await plain.fhir.put(`/ServiceRequest/${asked.serviceRequestId}`, { ...request, category: [{ coding: [PAIN_CODE] }] })).status).toBe(200);
    expect((await coordinator.read(asked.id)).body).toMatchObject({ asksFor: 'care', discipline: 'psychology', programme: 'lifestyle' });
    const { id, patient } = (await come({})) as Asking & { patient: { id: string } };
    await app.transactions.run(app.scope(), (tx) => app.get(Referrals).inProgramme(tx, patient.id, 'Moving with pain'));
    expect((await coordinator.read(id)).body).toMatchObject({ programme: 'Moving with pain' });

    await coordinator.act(asked.id, 'POST', 'triage');
    expect(await coordinator.act(asked.id, 'POST', 'acceptance', { urgency: 'stat', pathway: 'advice-only', comment: 'Advice will do.' })).toMatchObject({ state: 'accepted', nextAction: 'give-advice' });
    await setClinic(app, { referrals: before });
  });

  it('refuses a Task for the clinic that names no request', async () => {
    const reply = await plain.fhir.post('/Task', {
      resourceType: 'Task', status: 'requested', intent: 'order', owner: { reference: `Organization/${organizationId(app.clinicId)}` },
      code: { coding: [{ system: 'http://hl7.org/fhir/CodeSystem/task-code', code: 'fulfill' }] },
    });
    expect(reply.status).toBe(422);
    expect(reply.text).toContain('Task.focus');
  });

  describe('with a red flag', () => {
    it('goes on top, is stat, and nobody decides before a clinician has acknowledged it', async () => {
      const ids = await send(plain.fhir, referralBundle({ rests: [condition('192970008')] }));
      const referral = await coordinator.find(ids['Patient'] ?? '');
      expect(referral).toMatchObject({ urgency: 'stat', redFlags: { hardStops: 1 }, nextAction: 'acknowledge-red-flag' });
      expect((await plain.fhir.get<Task>(`/Task/${ids['Task']}`)).body.priority).toBe('stat');
      const { body: list } = await coordinator.call<{ items: { id: string }[] }>('GET', '/referrals?view=open&limit=1');
      expect(list.items[0]?.id).toBe(referral.id);
      await coordinator.act(referral.id, 'POST', 'triage');
      const { etag } = await coordinator.read(referral.id);
      for (const [path, body] of [
        ['acceptance', { urgency: 'urgent', pathway: 'assessment', comment: 'Fine' }],
        ['decline', { reason: 'other', advice: 'Elsewhere' }],
        ['redirection', { to: 'Spine centre', comment: 'Surgery' }],
      ] as const) {
        expect(await coordinator.call('POST', `/referrals/${referral.id}/${path}`, body, etag ?? '')).toMatchObject({ status: 409, body: { code: 'referral.red-flag-unacknowledged' } });
      }
      const ack = `/referrals/${referral.id}/flags/cauda-equina/acknowledgement`;
      expect((await coordinator.call('POST', ack, { actionTaken: 'I called' })).status).toBe(403);
      expect((await clinician.call('POST', ack, {})).status).toBe(400);
      const done = await clinician.call('POST', ack, { actionTaken: 'Phoned the referrer: patient on the way to the emergency department.' });
      expect(done).toMatchObject({ status: 200, body: { redFlags: { hardStops: 0 } } });
      expect(done.body.flags.find(({ flag }) => flag === 'cauda-equina')).toMatchObject({ state: 'found', evidence: [`Condition/${ids['Condition']}`], acknowledged: { by: 'Demo clinician' } });
      expect((await clinician.call('POST', ack, { actionTaken: 'Again' })).body).toMatchObject({ code: 'referral.flag-acknowledged' });
      await coordinator.act(referral.id, 'POST', 'acceptance', { urgency: 'stat', pathway: 'assessment', comment: 'Seen today' });
      expect((await plain.fhir.get<Task>(`/Task/${ids['Task']}`)).body).toMatchObject({ status: 'accepted', priority: 'stat' });
    });

    it('that comes later, with the patient’s record', async () => {
      const ids = await send(plain.fhir, referralBundle());
      const before = await coordinator.find(ids['Patient'] ?? '');
      expect(before.redFlags).toEqual({ hardStops: 0, concerns: 0 });
      await plain.fhir.create(condition('71286001', { subject: { reference: `Patient/${ids['Patient']}` } }));
      const { body: after } = await coordinator.read(before.id);
      expect(after).toMatchObject({ redFlags: { hardStops: 1 }, urgency: 'stat' });
      expect(after.flags[0]).toMatchObject({ flag: 'progressive-neuro', state: 'found' });
      expect((await plain.fhir.get<Task>(`/Task/${ids['Task']}`)).body.priority).toBe('stat');
    });

    it('that is weak: a clinician looks at it the same day, and it blocks nothing', async () => {
      const ids = await send(plain.fhir, referralBundle({ birthDate: '1950-01-01' }));
      const referral = await coordinator.find(ids['Patient'] ?? '');
      expect(referral).toMatchObject({ urgency: 'routine', redFlags: { hardStops: 0, concerns: 1 }, nextAction: 'review-red-flag' });
      await coordinator.act(referral.id, 'POST', 'triage');
      await coordinator.act(referral.id, 'POST', 'acceptance', { urgency: 'routine', pathway: 'assessment', comment: 'Fits' });
    });
  });

  it('typed in by a coordinator: with patient, request, intake form and a Task of Cairn’s', async () => {
    const reply = await coordinator.call('POST', '/referrals', {
      patient: { familyName: 'Fax', givenNames: ['Jo'], birthDate: '1980-02-03', phone: '+12125550123', language: 'es' },
      referrer: { name: 'Practice nurse', organisation: 'Hillside' },
      receivedBy: 'fax',
      reason: 'Neck pain',
      information: { onset: 'After a fall', goals: 'Back to work' },
      redFlags: [{ flag: 'cauda-equina', present: false }, { flag: 'night-pain', present: true }],
    });
    expect(reply.status).toBe(201);
    const referral = reply.body;
    expect(referral.missing.map(({ id }) => id)).not.toEqual(expect.arrayContaining(['onset', 'goals', 'reason']));
    expect(referral.flags.find(({ flag }) => flag === 'cauda-equina')).toMatchObject({ state: 'denied', toldBy: 'Practice nurse, to Demo coordinator' });
    expect(referral.flags.find(({ flag }) => flag === 'night-pain')).toMatchObject({ state: 'found' });
    const request = await plain.all.get(`/ServiceRequest/${referral.serviceRequestId}`);
    expect(request.body).toMatchObject({ status: 'active', intent: 'order', code: { coding: [PAIN_CODE] }, requester: { display: 'Practice nurse, Hillside' } });
    expect((await plain.all.get(`/Task/${referral.taskId}`)).body).toMatchObject({ status: 'received' });
    expect((await plain.fhir.get(`/Task/${referral.taskId}`)).status).toBe(404);
    const second = await coordinator.call('POST', '/referrals', { patient: { id: (request.body as { subject: { reference: string } }).subject.reference.split('/')[1] }, referrer: { name: 'Same' }, receivedBy: 'phone', reason: 'Again' });
    expect(second.body.otherReferrals).toEqual([expect.objectContaining({ id: referral.id })]);
  });

  it.each<[string, object, string]>([
    ['no patient', { referrer: { name: 'X' }, receivedBy: 'fax', reason: 'Pain' }, 'patient'],
    ['a patient who is not here', { patient: { id: 'nobody' }, referrer: { name: 'X' }, receivedBy: 'fax', reason: 'Pain' }, 'patient.id'],
    ['a receipt in the future', { patient: { familyName: 'A', givenNames: ['B'], birthDate: '1980-01-01' }, referrer: { name: 'X' }, receivedBy: 'fax', reason: 'Pain', receivedAt: '2999-01-01T00:00:00Z' }, 'receivedAt'],
    ['a flag that does not exist', { patient: { familyName: 'A', givenNames: ['B'], birthDate: '1980-01-01' }, referrer: { name: 'X' }, receivedBy: 'fax', reason: 'Pain', redFlags: [{ flag: 'x', present: true }] }, 'redFlags.0.flag'],
  ])('refuses a typed-in referral with %s, naming the field', async (_, body, field) => {
    const reply = await coordinator.call<{ errors: { field: string }[] }>('POST', '/referrals', body);
    expect(reply.status).toBe(400);
    expect(reply.body.errors.map((error) => error.field)).toContain(field);
  });
});
