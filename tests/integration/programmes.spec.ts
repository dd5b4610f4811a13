import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Appointment, Bundle, CarePlan, Group, HealthcareService, ServiceRequest, Task } from '@medplum/fhirtypes';
import { startTestApp, type TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { FhirClient } from '../support/fhir-client.js';
import { PlanDesk, days, newPatient, type PlanAnswer, type Problem } from '../support/plan-factory.js';
import { Staff, type ApiReply } from '../support/referral-factory.js';

interface ProgrammeAnswer {
  readonly id: string;
  readonly state: string;
  readonly cohorts: { id: string; free: number; sessions: { id: string }[] }[];
}

interface EnrolmentAnswer {
  readonly id: string;
  readonly state: string;
  readonly cohortId: string | null;
  readonly nextAction: string | null;
  readonly nextAt: string | null;
  readonly offeredUntil: string | null;
  readonly languages: string[];
  readonly availableActions: string[];
  readonly attendances: { id: string; sessionId: string; state: string }[];
  readonly history: { event: string }[];
}

const education = { kind: 'treatment', discipline: 'education', description: 'Learn what pain is', owner: { name: 'P. Sychologist' } };

describe('a programme', () => {
  let app: TestApp;
  let fhir: FhirClient;
  let coordinator: Staff;
  let desk: PlanDesk;
  let offset = 0;

  beforeAll(async () => {
    app = await startTestApp({ worker: true });
    fhir = new FhirClient(app, await app.asSystem('system/*.cruds'));
    coordinator = new Staff(app, await app.as('coordinator'));
    desk = new PlanDesk(new Staff(app, await app.as('clinician')));
  });
  afterAll(() => app.stop());

  const ahead = (count: number): string => new Date(Date.now() + offset + days(count)).toISOString();
  const pass = async (count: number): Promise<void> => {
    offset += days(count);
    await app.advance(days(count));
  };

  const open = async (sessionsNeeded = 2): Promise<ProgrammeAnswer> => (await coordinator.call<ProgrammeAnswer>('POST', '/programmes', { title: 'Moving with pain', serviceType: '224', sessionsNeeded })).body;

  async function addRun(programmeId: string, more: object = {}, sessions = 3): Promise<string> {
    const body = { language: 'en', format: 'in-person', capacity: 1, sessions: Array.from({ length: sessions }, (_, index) => ({ startsAt: ahead(20 + 7 * index), minutes: 90 })), ...more };
    const reply = await coordinator.call<ProgrammeAnswer>('POST', `/programmes/${programmeId}/cohorts`, body);
    if (reply.status !== 201) throw new Error(JSON.stringify(reply.body));
    return reply.body.cohorts.at(-1)?.id ?? '';
  }

  /** A patient with a plan in force, referred from it. */
  async function referred(programmeId: string, more: object = {}, before?: (patientId: string) => Promise<void>): Promise<{ id: string; plan: PlanAnswer; patientId: string }> {
    const patientId = await newPatient(fhir, { communication: [{ language: { coding: [{ system: 'urn:ietf:bcp:47', code: 'en' }] }, preferred: true }] });
    await before?.(patientId);
    const plan = await desk.activePlan(patientId, [education]);
    const reply = await desk.staff.call<EnrolmentAnswer>('POST', `/programmes/${programmeId}/enrolments`, { planId: plan.id, activityId: plan.activities[0]?.id, ...more });
    if (reply.status !== 201) throw new Error(JSON.stringify(reply.body));
    return { id: reply.body.id, plan, patientId };
  }

  const read = async (id: string): Promise<EnrolmentAnswer> => (await coordinator.call<EnrolmentAnswer>('GET', `/enrolments/${id}`)).body;

  async function attempt<Body = Problem>(id: string, act: string, body: object = {}): Promise<ApiReply<Body>> {
    const { etag } = await coordinator.call('GET', `/enrolments/${id}`);
    return coordinator.call<Body>('POST', `/enrolments/${id}/${act}`, body, etag ?? undefined);
  }

  async function act(id: string, name: string, body: object = {}): Promise<EnrolmentAnswer> {
    const reply = await attempt<EnrolmentAnswer>(id, name, body);
    if (reply.status !== 200) throw new Error(`${name}: ${JSON.stringify(reply.body)}`);
    return reply.body;
  }

  const waiting = async (programmeId: string, more: object = {}): Promise<{ id: string; plan: PlanAnswer; patientId: string }> => {
    const found = await referred(programmeId, more);
    await act(found.id, 'screening', { suitable: true, note: 'Fits' });
    await act(found.id, 'waitlisting');
    return found;
  };

  it('is referred to from a care plan, which names the request from then on', async () => {
    const programme = await open();
    const { id, plan, patientId } = await referred(programme.id);
    expect(await read(id)).toMatchObject({ state: 'referred', languages: ['en'], nextAction: 'Screen for suitability', nextAt: expect.any(String), availableActions: ['screening', 'withdrawal'] });
    const { activity: [first] = [] } = (await fhir.get<CarePlan>(`/CarePlan/${plan.id}`)).body;
    expect(first).toEqual({ reference: { reference: `ServiceRequest/${id}`, display: 'Learn what pain is' } });
    expect((await fhir.get<ServiceRequest>(`/ServiceRequest/${id}`)).body).toMatchObject({ status: 'active', subject: { reference: `Patient/${patientId}` }, performer: [{ reference: `HealthcareService/${programme.id}` }] });
    expect((await fhir.get<HealthcareService>(`/HealthcareService/${programme.id}`)).body).toMatchObject({ active: true, name: 'Moving with pain' });
    const again = await desk.staff.call<Problem>('POST', `/programmes/${programme.id}/enrolments`, { planId: plan.id, activityId: plan.activities[0]?.id });
    expect(again).toMatchObject({ status: 409, body: { code: 'activity.referred' } });
  });

  it('is named on the patient’s open referral from the enrolment on, and found by it on the worklist', async () => {
    const programme = await open();
    const onList = async (patientId: string): Promise<string[]> =>
      (await coordinator.call<{ items: { programme: string }[] }>('GET', `/referrals?view=open&patient=${patientId}&programme=${encodeURIComponent('Moving with pain')}`)).body.items.map((item) => item.programme);
    const { patientId } = await referred(programme.id, {}, async (patient) => {
      expect((await coordinator.call('POST', '/referrals', { patient: { id: patient }, referrer: { name: 'Practice nurse' }, receivedBy: 'phone', reason: 'Pain' })).status).toBe(201);
      expect(await onList(patient)).toEqual([]);
    });
    expect(await onList(patientId)).toEqual(['Moving with pain']);
  });

  it('goes its whole way: place, sessions, completion, and the plan with it', async () => {
    const programme = await open();
    const cohortId = await addRun(programme.id);
    const { id, plan, patientId } = await waiting(programme.id);
    const offered = await read(id);
    expect(offered).toMatchObject({ state: 'offered', cohortId, nextAction: 'Answer the offer of a place', nextAt: offered.offeredUntil });
    const enrolled = await act(id, 'acceptance');
    expect(enrolled.attendances.map(({ state }) => state)).toEqual(['expected', 'expected', 'expected']);
    expect((await desk.read(plan.id)).activities[0]).toMatchObject({ status: 'scheduled' });
    expect((await fhir.get<Group>(`/Group/${cohortId}`)).body).toMatchObject({ quantity: 1 });
    expect((await fhir.get<Group>(`/Group/${cohortId}`)).body.member).toBeUndefined();

    const sessions = (await coordinator.call<ProgrammeAnswer>('GET', `/programmes/${programme.id}`)).body.cohorts[0]?.sessions ?? [];
    const note = (index: number, state: string) => ({ sessionId: sessions[index]?.id, state });
    expect((await attempt(id, 'attendances', note(0, 'attended'))).body.code).toBe('session.to-come');
    await pass(36);
    expect(await act(id, 'attendances', note(0, 'attended'))).toMatchObject({ state: 'attending' });
    expect((await desk.read(plan.id)).activities[0]).toMatchObject({ status: 'in-progress' });
    await act(id, 'attendances', { ...note(1, 'missed'), note: 'Bus strike' });
    expect((await attempt(id, 'completion')).body.code).toBe('enrolment.too-few-sessions');
    expect(await act(id, 'attendances', note(2, 'attended'))).toMatchObject({ nextAction: 'Complete the programme, or arrange a session to make up' });
    const done = await act(id, 'completion');
    expect(done).toMatchObject({ state: 'completed', nextAction: null, availableActions: [] });
    expect(done.history.map(({ event }) => event)).toEqual(['refer', 'screen', 'waitlist', 'offer', 'enrol', 'attend', 'miss', 'attend', 'complete']);
    expect((await desk.read(plan.id)).activities[0]).toMatchObject({ status: 'completed' });
    expect((await fhir.get<Task>(`/Task/${id}`)).body.status).toBe('completed');
    const appointments = await fhir.get<Bundle<Appointment>>(`/Appointment?patient=Patient/${patientId}&_sort=date`);
    expect(appointments.body.entry?.map(({ resource }) => resource?.status)).toEqual(['fulfilled', 'noshow', 'fulfilled']);
  });

  it('offers a freed place to the first on the list whom language and format suit', async () => {
    const programme = await open();
    const holder = await waiting(programme.id);
    const spanish = await waiting(programme.id, { languages: ['es'] });
    const online = await waiting(programme.id, { formats: ['online'] });
    const first = await waiting(programme.id, { languages: ['es', 'en'] });
    const second = await waiting(programme.id);
    const states = async () => Promise.all([holder, spanish, online, first, second].map(async ({ id }) => (await read(id)).state));
    const cohortId = await addRun(programme.id);
    expect(await states()).toEqual(['offered', 'waitlisted', 'waitlisted', 'waitlisted', 'waitlisted']);

    expect((await attempt(second.id, 'offer', { cohortId })).body.code).toBe('enrolment.no-place');
    await act(holder.id, 'acceptance');
    await act(holder.id, 'withdrawal', { reason: 'Moves away' });
    expect(await states()).toEqual(['withdrawn', 'waitlisted', 'waitlisted', 'offered', 'waitlisted']);

    await act(first.id, 'refusal', { reason: 'Works that evening' });
    expect(await states()).toEqual(['withdrawn', 'waitlisted', 'waitlisted', 'waitlisted', 'offered']);

    await pass(8);
    await eventually('the offer to lapse', async () => (await read(second.id)).state === 'waitlisted');
    expect(await states()).toEqual(['withdrawn', 'waitlisted', 'waitlisted', 'waitlisted', 'waitlisted']);
    const { body } = await coordinator.call<ProgrammeAnswer>('GET', `/programmes/${programme.id}`);
    expect(body.cohorts[0]?.free).toBe(1);
    expect((await attempt(spanish.id, 'offer', { cohortId })).body.code).toBe('enrolment.does-not-fit');
    expect((await attempt(second.id, 'offer', { cohortId })).status).toBe(200);
  });

  it('never gives a place twice, however many ask at once', async () => {
    const programme = await open();
    const cohortId = await addRun(programme.id, { capacity: 2 });
    const people = await Promise.all([1, 2, 3, 4].map(() => referred(programme.id)));
    for (const { id } of people) await act(id, 'screening', { suitable: true, note: 'Fits' });
    const replies = await Promise.all(people.map(({ id }) => attempt(id, 'offer', { cohortId })));
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 200, 409, 409]);
  });

  it('gives the activity back to the plan when it does not suit', async () => {
    const programme = await open();
    const { id, plan } = await referred(programme.id);
    expect(await act(id, 'screening', { suitable: false, note: 'Needs one-to-one first' })).toMatchObject({ state: 'not-suitable', availableActions: [] });
    expect((await fhir.get<Task>(`/Task/${id}`)).body).toMatchObject({ status: 'rejected', statusReason: { text: 'Needs one-to-one first' } });
    const { activity: [first] = [] } = (await fhir.get<CarePlan>(`/CarePlan/${plan.id}`)).body;
    expect(first).toMatchObject({ detail: { status: 'not-started', description: 'Learn what pain is' } });
    expect((await desk.read(plan.id)).activities[0]?.reference).toBeNull();
  });

  it('ends with the plan that asked for it', async () => {
    const programme = await open();
    const { id, plan } = await waiting(programme.id);
    await desk.act(plan.id, 'revocation', { reason: 'Moves to another clinic' });
    await eventually('the enrolment to end', async () => (await read(id)).state === 'withdrawn');
  });

  it('refuses what is wrong, stale, closed or not allowed', async () => {
    const programme = await open();
    const runs = (body: object) => coordinator.call<Problem>('POST', `/programmes/${programme.id}/cohorts`, { language: 'en', format: 'online', capacity: 3, ...body });
    expect((await runs({ sessions: [{ startsAt: ahead(-1), minutes: 60 }] })).body.errors).toEqual([expect.objectContaining({ field: 'sessions.0.startsAt' })]);
    expect((await runs({ sessions: [{ startsAt: ahead(2), minutes: 60 }, { startsAt: ahead(1), minutes: 60 }] })).body.errors).toEqual([expect.objectContaining({ field: 'sessions.1.startsAt' })]);
    expect((await runs({ language: 'English!', sessions: [{ startsAt: ahead(2), minutes: 60 }] })).body.errors).toEqual([expect.objectContaining({ field: 'language' })]);
    expect((await desk.staff.call('POST', '/programmes', { title: 'X', sessionsNeeded: 1 })).status).toBe(403);

    const { id } = await referred(programme.id);
    expect((await coordinator.call('POST', `/enrolments/${id}/waitlisting`, {})).status).toBe(428);
    expect((await coordinator.call('POST', `/enrolments/${id}/waitlisting`, {}, 'W/"99"')).status).toBe(412);
    expect((await attempt(id, 'acceptance')).body.code).toBe('enrolment.no-transition');

    const { etag } = await coordinator.call('GET', `/programmes/${programme.id}`);
    expect((await coordinator.call<ProgrammeAnswer>('POST', `/programmes/${programme.id}/closure`, {}, etag ?? '')).body).toMatchObject({ state: 'closed' });
    expect((await runs({ sessions: [{ startsAt: ahead(2), minutes: 60 }] })).body.code).toBe('programme.closed');
    const plan = await desk.activePlan(await newPatient(fhir), [education]);
    const late = await desk.staff.call<Problem>('POST', `/programmes/${programme.id}/enrolments`, { planId: plan.id, activityId: plan.activities[0]?.id, languages: ['en'] });
    expect(late.body.code).toBe('programme.closed');
    const list = await coordinator.call<{ items: object[] }>('GET', `/programmes/${programme.id}/enrolments?state=referred`);
    expect(list.body.items).toHaveLength(1);
  });

  it('needs a language where the record tells none', async () => {
    const programme = await open();
    const plan = await desk.activePlan(await newPatient(fhir), [education]);
    const reply = await desk.staff.call<Problem>('POST', `/programmes/${programme.id}/enrolments`, { planId: plan.id, activityId: plan.activities[0]?.id });
    expect(reply.body.errors).toEqual([expect.objectContaining({ field: 'languages' })]);
  });
});
