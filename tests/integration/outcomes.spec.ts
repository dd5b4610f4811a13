import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Bundle, Observation, Questionnaire, QuestionnaireResponse, Task } from '@medplum/fhirtypes';
import { startTestApp, type TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { FhirClient } from '../support/fhir-client.js';
import { Staff, type ApiReply } from '../support/referral-factory.js';

const DAY_MS = 86_400_000;

interface AssessmentAnswer {
  readonly id: string;
  readonly state: string;
  readonly score: string | null;
  readonly responseId: string | null;
  readonly opensAt: string;
  readonly dueAt: string;
  readonly expiresAt: string;
  readonly availableActions: string[];
  readonly code?: string;
  readonly errors?: { field: string; message: string }[];
}

interface TrendAnswer {
  readonly baseline: { score: string } | null;
  readonly points: { score: string; occasion: string; change: { trend: string; points: string; percent?: string; rule: { verified: boolean } } | null }[];
}

describe('outcomes', () => {
  let app: TestApp;
  let fhir: FhirClient;
  let clinician: Staff;
  let patientId: string;
  let now: () => number;
  let reason = 0;

  const ask = (body: object = {}): Promise<ApiReply<AssessmentAnswer>> =>
    clinician.call<AssessmentAnswer>('POST', '/assessments', {
      patientId,
      instrument: 'peg',
      occasion: 'follow-up',
      reason: `Visit ${++reason}`,
      dueAt: new Date(now() + reason * 60_000 + DAY_MS).toISOString(),
      ...body,
    });
  const answer = (id: string, answers: object): Promise<ApiReply<AssessmentAnswer>> => clinician.call<AssessmentAnswer>('POST', `/assessments/${id}/answers`, { answers });
  const newPatient = (): Promise<string> => fhir.create({ resourceType: 'Patient', name: [{ family: 'Example', given: ['Pat'] }], birthDate: '1970-01-01' });
  const events = (): Promise<string[]> =>
    app.transactions.run(app.scope(), async (tx) => (await tx.query<{ event: string }>(`select event from outbox where event like 'assessment.%' order by id`)).map(({ event }) => event));

  beforeAll(async () => {
    app = await startTestApp({ worker: true });
    fhir = new FhirClient(app, await app.asSystem('system/*.cruds'));
    clinician = new Staff(app, await app.as('clinician'));
    let offset = 0;
    now = () => Date.now() + offset;
    const advance = app.advance.bind(app);
    Object.assign(app, {
      advance: async (milliseconds: number) => {
        offset += milliseconds;
        await advance(milliseconds);
      },
    });
  });
  afterAll(() => app.stop());
  beforeAll(async () => {
    patientId = await newPatient();
  });

  it('asks for a questionnaire: a row, a Task with the same id, the Questionnaire, an event', async () => {
    const { status, body, etag } = await ask({ occasion: 'baseline' });
    expect(status).toBe(201);
    expect(etag).toBe('W/"1"');
    expect(body).toMatchObject({ state: 'requested', score: null, availableActions: ['answer', 'link'] });
    const task = (await fhir.get<Task>(`/Task/${body.id}`)).body;
    expect(task).toMatchObject({ status: 'requested', for: { reference: `Patient/${patientId}` }, restriction: { period: { start: body.opensAt, end: body.expiresAt } } });
    const questionnaire = (await fhir.get<Questionnaire>(`/${task.focus?.reference}`)).body;
    expect(questionnaire.item).toHaveLength(3);
    expect(await events()).toContain('assessment.requested');
  });

  it('asks once, though it is asked twice', async () => {
    const dueAt = new Date(now() + 5 * DAY_MS).toISOString();
    const replies = await Promise.all(Array.from({ length: 6 }, () => ask({ dueAt })));
    expect(replies.map(({ status, body }) => [status, body.id])).toEqual(replies.map(() => [201, replies[0]?.body.id]));
  });

  it.each([
    ['patientId', { patientId: 'nobody' }],
    ['instrument', { instrument: 'odi' }],
    ['dueAt', { dueAt: '2020-01-01T00:00:00Z' }],
    ['dueAt', { dueAt: 'tomorrow' }],
    ['occasion', { occasion: 'sometimes' }],
  ])('refuses a request with a wrong %s, and names it', async (field, wrong) => {
    const { status, body } = await ask(wrong);
    expect(status).toBe(400);
    expect(body.errors?.map((error) => error.field)).toEqual([field]);
  });

  it('refuses to ask about a patient who died', async () => {
    const died = await fhir.create({ resourceType: 'Patient', deceasedBoolean: true });
    expect(await ask({ patientId: died })).toMatchObject({ status: 409, body: { code: 'patient.deceased' } });
  });

  it('refuses a remote PHQ-9 while no rota would read it, but not one with the patient in the room', async () => {
    expect(await ask({ instrument: 'phq-9' })).toMatchObject({ status: 409, body: { code: 'assessment.no-rota' } });
    const inRoom = await ask({ instrument: 'phq-9', answeredBy: 'staff' });
    expect(inRoom.status).toBe(201);
    expect(await clinician.call('POST', `/assessments/${inRoom.body.id}/link`)).toMatchObject({ status: 409, body: { code: 'assessment.no-rota' } });
  });

  it('scores a PEG exactly and stores answers and observations', async () => {
    const { body: asked } = await ask();
    const { status, body } = await answer(asked.id, { peg1: 6, peg2: 5, peg3: 7 });
    expect(status).toBe(200);
    expect(body).toMatchObject({ state: 'completed', score: '6.0', availableActions: [] });
    const response = (await fhir.get<QuestionnaireResponse>(`/QuestionnaireResponse/${body.responseId}`)).body;
    expect(response).toMatchObject({ status: 'completed', questionnaire: 'urn:cairn:questionnaire:peg|2026-11-1', author: { display: 'Demo clinician' } });
    const found = (await fhir.get<Bundle<Observation>>(`/Observation?patient=${patientId}&derived-from=QuestionnaireResponse/${body.responseId}`)).body.entry ?? [];
    expect(found.map(({ resource }) => resource?.code?.coding?.[0]?.code).sort()).toEqual(['75893-8', '91145-3', '91146-1', '91147-9', '91148-7']);
    const mean = found.find(({ resource }) => resource?.code?.coding?.[0]?.code === '91147-9')?.resource;
    expect((await fhir.get(`/Observation/${mean?.id}`)).text).toContain('"value":6.0,');
    expect((await fhir.get<Task>(`/Task/${asked.id}`)).body.status).toBe('completed');
  });

  it('names each answer that is missing or impossible, and takes nothing', async () => {
    const { body: asked } = await ask();
    const { status, body } = await answer(asked.id, { peg1: 11, peg2: null, pegX: 1 });
    expect(status).toBe(400);
    expect(body.errors?.map(({ field }) => field).sort()).toEqual(['peg1', 'peg2', 'peg3', 'pegX']);
    expect((await clinician.call<AssessmentAnswer>('GET', `/assessments/${asked.id}`)).body).toMatchObject({ state: 'requested', score: null });
  });

  it('counts the same answers sent many times at once as one, and refuses others after them', async () => {
    const { body: asked } = await ask();
    const answers = { peg1: 3, peg2: 3, peg3: 4 };
    const replies = await Promise.all(Array.from({ length: 6 }, () => answer(asked.id, answers)));
    expect(replies.map(({ status, body }) => [status, body.responseId])).toEqual(replies.map(() => [200, replies[0]?.body.responseId]));
    const count = (await fhir.ids(`/QuestionnaireResponse?identifier=urn:cairn:assessment|${asked.id}`)).length;
    expect(count).toBe(1);
    expect(await answer(asked.id, { ...answers, peg1: 4 })).toMatchObject({ status: 409, body: { code: 'assessment.already-answered' } });
  });

  it('shows the trend against the baseline by the smallest change that matters', async () => {
    patientId = await newPatient();
    const measure = async (occasion: string, peg1: number, peg2: number, peg3: number): Promise<void> => {
      const { body: asked } = await ask({ occasion });
      expect((await answer(asked.id, { peg1, peg2, peg3 })).status).toBe(200);
    };
    await measure('baseline', 7, 7, 6);
    await measure('follow-up', 5, 5, 4);
    await measure('follow-up', 7, 8, 8);
    await measure('baseline', 3, 3, 3);
    await measure('follow-up', 3, 3, 2);
    const { body } = await clinician.call<TrendAnswer>('GET', `/patients/${patientId}/trends/peg`);
    expect(body.points.map(({ score, change }) => [score, change?.trend ?? null])).toEqual([
      ['6.7', null],
      ['4.7', 'improved'],
      ['7.7', 'worse'],
      ['3.0', null],
      ['2.7', 'unchanged'],
    ]);
    expect(body.points[1]?.change).toMatchObject({ points: '-2.0', percent: '-30.0', rule: { verified: true } });
    expect(body.baseline?.score).toBe('3.0');
  });

  it('shows no trend where nothing was measured', async () => {
    const { body } = await clinician.call<TrendAnswer>('GET', `/patients/${await newPatient()}/trends/peg`);
    expect(body).toMatchObject({ baseline: null, points: [], latest: null });
  });

  it('reminds on the due day, and expires when the time to answer is over', async () => {
    patientId = await newPatient();
    const { body: asked } = await ask();
    await app.advance(2 * DAY_MS);
    const state = async (): Promise<string> => (await clinician.call<AssessmentAnswer>('GET', `/assessments/${asked.id}`)).body.state;
    await eventually('reminded', async () => (await state()) === 'reminded');
    await app.advance(20 * DAY_MS);
    await eventually('expired', async () => (await state()) === 'expired');
    expect((await fhir.get<Task>(`/Task/${asked.id}`)).body).toMatchObject({ status: 'cancelled', statusReason: { coding: [{ code: 'expired' }] } });
    expect(await answer(asked.id, { peg1: 1, peg2: 1, peg3: 1 })).toMatchObject({ status: 409, body: { code: 'assessment.no-transition' } });
    expect(await events()).toEqual(expect.arrayContaining(['assessment.reminded', 'assessment.expired', 'assessment.completed']));
  });

  it('pages its lists', async () => {
    patientId = await newPatient();
    const asked = [];
    for (let count = 0; count < 3; count++) asked.push((await ask()).body.id);
    const page = await clinician.call<{ items: AssessmentAnswer[]; next?: string }>('GET', `/assessments?patient=${patientId}&state=open&limit=2`);
    const rest = await clinician.call<{ items: AssessmentAnswer[]; next?: string }>('GET', `/assessments?patient=${patientId}&limit=2&after=${page.body.next}`);
    expect([...page.body.items, ...rest.body.items].map(({ id }) => id)).toEqual(asked.reverse());
    expect(rest.body.next).toBeUndefined();
  });

  it('lets only those with the right ask and see', async () => {
    const auditor = new Staff(app, await app.as('auditor'));
    expect((await auditor.call('GET', '/assessments')).status).toBe(403);
    expect((await new Staff(app, await app.as('conference-lead')).call('POST', '/assessments', {})).status).toBe(403);
    expect((await new Staff(app, await app.asSystem('system/*.cruds')).call('GET', '/assessments')).status).toBe(403);
  });
});
