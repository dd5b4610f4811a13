import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Bundle, CarePlan, CareTeam, Goal, Task } from '@medplum/fhirtypes';
import { startTestApp, type TestApp } from '../support/app.js';
import { FhirClient } from '../support/fhir-client.js';
import { PlanDesk, goal, injection, newPatient, physiotherapy, prescription, type PlanAnswer, type Problem } from '../support/plan-factory.js';
import { Staff } from '../support/referral-factory.js';

const never = '00000000-0000-7000-8000-000000000000';

describe('a care plan', () => {
  let app: TestApp;
  let fhir: FhirClient;
  let desk: PlanDesk;
  let coordinator: PlanDesk;

  beforeAll(async () => {
    app = await startTestApp();
    fhir = new FhirClient(app, await app.asSystem('system/*.cruds'));
    desk = new PlanDesk(new Staff(app, await app.as('clinician')));
    coordinator = new PlanDesk(new Staff(app, await app.as('coordinator')));
  });
  afterAll(() => app.stop());

  it('is drafted by hand, with its faces in the store from the first moment', async () => {
    const patientId = await newPatient(fhir);
    const plan = await desk.draft({ patientId, goals: [goal], activities: [physiotherapy] });
    expect(plan).toMatchObject({ state: 'draft', patientId, revision: 1, nextAction: 'Agree the plan with the patient', review: null, availableActions: ['wording', 'agreement', 'revocation', 'entry-in-error'] });
    const { body } = await fhir.get<CarePlan>(`/CarePlan/${plan.id}`);
    expect(body).toMatchObject({ status: 'draft', intent: 'plan', subject: { reference: `Patient/${patientId}` }, goal: [{ reference: `Goal/${plan.goals[0]?.id}` }] });
    expect((await fhir.get<Goal>(`/Goal/${plan.goals[0]?.id}`)).body).toMatchObject({ lifecycleStatus: 'proposed', target: [{ detailQuantity: { value: 15, unit: 'min' } }, { detailString: 'Five minutes' }] });
    expect((await fhir.get<CareTeam>(`/${body.careTeam?.[0]?.reference}`)).body.participant).toHaveLength(2);
  });

  it('becomes active only with the patient’s agreement to its present wording', async () => {
    const patientId = await newPatient(fhir);
    const draft = await coordinator.draft({ patientId });
    expect((await desk.attempt(draft.id, 'activation')).body.code).toBe('plan.goal-needed');
    expect((await desk.attempt(draft.id, 'agreement', { by: 'patient', how: 'phone' })).body.code).toBe('plan.goal-needed');

    const wording = { title: 'Back to the dog', summary: null, owner: { name: 'D. Octor' }, goals: [goal], activities: [physiotherapy] };
    const edited = await desk.staff.call<PlanAnswer>('PUT', `/plans/${draft.id}`, wording, `W/"${draft.version}"`);
    expect(edited.body).toMatchObject({ title: 'Back to the dog', revision: 2, owner: { name: 'D. Octor' } });
    expect((await desk.attempt(draft.id, 'activation')).body.code).toBe('plan.agreement-needed');

    const agreed = await coordinator.act(draft.id, 'agreement', { by: 'caregiver', how: 'video', note: 'Daughter interprets' });
    expect(agreed).toMatchObject({ agreement: { by: 'caregiver', how: 'video', toPresentWording: true }, goals: [{ lifecycle: 'accepted' }], nextAction: 'Activate the plan' });

    const [kept] = agreed.goals;
    const again = { ...wording, goals: [{ ...goal, id: kept?.id, description: 'Walk the dog twice' }], activities: [] };
    const changed = await desk.staff.call<PlanAnswer>('PUT', `/plans/${draft.id}`, again, `W/"${agreed.version}"`);
    expect(changed.body).toMatchObject({ revision: 3, agreement: { toPresentWording: false }, goals: [{ id: kept?.id, description: 'Walk the dog twice', lifecycle: 'proposed' }], activities: [] });
    expect((await desk.attempt(draft.id, 'activation')).body.code).toBe('plan.agreement-outdated');

    await desk.act(draft.id, 'agreement', { by: 'patient', how: 'in-person' });
    expect((await coordinator.attempt(draft.id, 'activation')).status).toBe(403);
    const active = await desk.act(draft.id, 'activation');
    expect(active).toMatchObject({ state: 'active', goals: [{ lifecycle: 'active', achievement: 'in-progress' }], nextAction: 'Hold the review of the plan' });
  });

  it('sets its review, its baseline and its follow-up when it becomes active', async () => {
    const patientId = await newPatient(fhir);
    const plan = await desk.activePlan(patientId);
    expect(plan.review).toMatchObject({ state: 'due', rule: 'plan-default', because: 'every plan is reviewed after 12 weeks at the latest', dueAt: plan.nextAt });
    const task = (await fhir.get<Task>(`/Task/${plan.review?.id}`)).body;
    expect(task).toMatchObject({ status: 'requested', focus: { reference: `CarePlan/${plan.id}` }, restriction: { period: { end: plan.review?.dueAt } } });
    expect((await fhir.get<CarePlan>(`/CarePlan/${plan.id}`)).body).toMatchObject({ status: 'active', note: [{ text: 'Agreed by the patient, in person.' }] });
    const assessments = await desk.staff.call<{ items: { instrument: string; occasion: string; dueAt: string }[] }>('GET', `/assessments?patient=${patientId}`);
    expect(assessments.body.items.map(({ instrument, occasion }) => [instrument, occasion]).sort()).toEqual([['peg', 'baseline'], ['peg', 'follow-up']]);
    const followUp = assessments.body.items.find(({ occasion }) => occasion === 'follow-up');
    expect(Date.parse(followUp?.dueAt ?? '')).toBeLessThan(Date.parse(plan.review?.dueAt ?? ''));
  });

  it('lets the shortest rule set the review, from the prescriptions in the store', async () => {
    const patientId = await newPatient(fhir);
    await fhir.create(prescription(patientId, 'oxycodone hydrochloride 10 MG Oral Tablet', 4));
    await fhir.create(prescription(patientId, 'diazepam 5 MG Oral Tablet', 1));
    const plan = await desk.activePlan(patientId);
    expect(plan.review).toMatchObject({ rule: 'opioid-50-mme' });
    const safety = await desk.staff.call<{ mme: object; benzodiazepines: object[]; cautions: string[] }>('GET', `/plans/${plan.id}/medication-safety`);
    expect(safety.body).toMatchObject({ mme: { status: 'known', perDay: 60 }, benzodiazepines: [{ name: 'diazepam 5 MG Oral Tablet' }] });
    expect(safety.body.cautions).toContain('Never stop opioids at once or lower them quickly because of a number.');
  });

  it('says so when a dose cannot be computed, and when nothing is recorded', async () => {
    const patientId = await newPatient(fhir);
    const plan = await desk.activePlan(patientId);
    const look = () => desk.staff.call<{ mme: object; opioids: { mme: object }[] }>('GET', `/plans/${plan.id}/medication-safety`);
    expect((await look()).body.mme).toEqual({ status: 'nothing-recorded' });
    await fhir.create(prescription(patientId, 'tramadol hydrochloride 50 MG Oral Tablet', 1, { dosageInstruction: [{ text: 'as told' }] }));
    expect((await look()).body).toMatchObject({ mme: { status: 'not-known' }, opioids: [{ mme: { notKnown: 'dose-not-recorded' } }] });
  });

  it('is the only one in force for a patient', async () => {
    const patientId = await newPatient(fhir);
    await desk.activePlan(patientId);
    const second = await desk.draft({ patientId, goals: [goal] });
    await desk.act(second.id, 'agreement', { by: 'patient', how: 'written' });
    expect((await desk.attempt(second.id, 'activation')).body.code).toBe('plan.another-in-force');
  });

  it('stays the only one when two are put in force at the same moment', async () => {
    const patientId = await newPatient(fhir);
    const drafts = await Promise.all([1, 2, 3].map(() => desk.draft({ patientId, goals: [goal] })));
    for (const { id } of drafts) await desk.act(id, 'agreement', { by: 'patient', how: 'in-person' });
    const replies = await Promise.all(drafts.map(({ id }) => desk.attempt(id, 'activation')));
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
  });

  it('pauses until a day on which somebody decides, and goes on with a new review', async () => {
    const { id, review } = await desk.activePlan(await newPatient(fhir));
    expect((await desk.attempt(id, 'hold', { reason: 'Abroad', until: '2020-01-01' })).body.errors).toEqual([expect.objectContaining({ field: 'until' })]);
    const held = await desk.act(id, 'hold', { reason: 'Abroad', until: '2099-01-01' });
    expect(held).toMatchObject({ state: 'on-hold', nextAction: 'Decide whether the plan goes on', review: null, availableActions: ['resumption', 'revocation', 'entry-in-error'] });
    expect((await fhir.get<Task>(`/Task/${review?.id}`)).body.status).toBe('cancelled');
    expect((await fhir.get<CareTeam>((await careTeamOf(id)) ?? '')).body.status).toBe('suspended');
    expect((await desk.attempt(id, 'completion', { reason: 'no' })).body.code).toBe('plan.no-transition');
    const resumed = await desk.act(id, 'resumption', { reason: null });
    expect(resumed).toMatchObject({ state: 'active', review: { state: 'due' } });
    expect(resumed.review?.id).not.toBe(review?.id);
  });

  it.each([
    ['completion', 'completed', { lifecycle: 'completed' }, 'cancelled'],
    ['revocation', 'revoked', { lifecycle: 'cancelled' }, 'cancelled'],
    ['entry-in-error', 'entered-in-error', { lifecycle: 'entered-in-error' }, 'entered-in-error'],
  ])('ends by %s, and all that is open in it with it', async (act, state, ended, status) => {
    const { id, review } = await desk.activePlan(await newPatient(fhir));
    const plan = await desk.act(id, act, { reason: 'The end of it' });
    expect(plan).toMatchObject({ state, goals: [ended], activities: [{ status }], nextAction: null, nextAt: null, review: null });
    expect((await fhir.get<CarePlan>(`/CarePlan/${id}`)).body.status).toBe(state);
    expect((await fhir.get<Task>(`/Task/${review?.id}`)).body.status).toBe('cancelled');
  });

  it('moves its activities between reviews, with a reason where one is needed', async () => {
    const { id, activities } = await desk.activePlan(await newPatient(fhir), [physiotherapy, injection]);
    const [first, second] = activities;
    const on = (activityId: string | undefined, act: string) => `activities/${activityId}/${act}`;
    expect(await desk.act(id, on(first?.id, 'start'))).toMatchObject({ activities: [{ status: 'in-progress' }, { status: 'not-started' }] });
    expect((await desk.attempt(id, on(first?.id, 'stop'))).body.code).toBe('activity.reason-needed');
    await desk.act(id, on(first?.id, 'stop'), { reason: 'Hurts too much' });
    expect((await desk.attempt(id, on(first?.id, 'start'))).body.code).toBe('activity.no-transition');
    const { activity: [shown] = [] } = (await fhir.get<CarePlan>(`/CarePlan/${id}`)).body;
    expect(shown?.detail).toMatchObject({ status: 'stopped', statusReason: { text: 'Hurts too much' } });

    await desk.act(id, on(second?.id, 'scheduling'));
    const after = await desk.act(id, on(second?.id, 'completion'));
    expect(after.review).toMatchObject({ rule: 'after-procedure', because: expect.stringContaining('2 to 6 weeks') });
    expect((await fhir.get<Task>(`/Task/${after.review?.id}`)).body.restriction?.period?.end).toBe(after.review?.dueAt);
  });

  it('refuses what is wrong, names the field, and knows stale and missing versions', async () => {
    const patientId = await newPatient(fhir);
    const { id, version } = await desk.draft({ patientId });
    const post = (body: object) => desk.staff.call<Problem>('POST', '/plans', body);
    expect((await post({})).body.errors).toEqual([expect.objectContaining({ field: 'patientId' })]);
    expect((await post({ patientId: 'nobody' })).body.errors).toEqual([expect.objectContaining({ field: 'patientId' })]);
    expect((await post({ patientId, referralId: never })).body.errors).toEqual([expect.objectContaining({ field: 'referralId' })]);
    expect((await post({ recommendationIds: [never] })).body.errors).toEqual([expect.objectContaining({ field: 'recommendationIds.0' })]);
    expect((await post({ patientId, goals: [{ ...goal, measure: null }] })).body.errors).toEqual([expect.objectContaining({ field: 'goals.0.measure' })]);
    expect((await post({ patientId, activities: [{ ...physiotherapy, goalIds: [never] }] })).body.errors).toEqual([expect.objectContaining({ field: 'activities.0.goalIds.0' })]);

    const put = (ifMatch?: string) => desk.staff.call<Problem>('PUT', `/plans/${id}`, { title: 'T', summary: null, owner: { name: 'O' }, goals: [], activities: [] }, ifMatch);
    expect((await put()).status).toBe(428);
    expect((await put(`W/"${version - 1}"`)).status).toBe(412);
    expect((await put('nonsense')).status).toBe(400);
    expect((await desk.staff.call('GET', `/plans/${never}`)).status).toBe(404);
    expect((await desk.staff.call('GET', '/plans/17')).status).toBe(400);
    const future = { by: 'patient', how: 'phone', at: '2099-01-01T00:00:00Z' };
    await desk.staff.call('PUT', `/plans/${id}`, { title: 'T', summary: null, owner: { name: 'O' }, goals: [goal], activities: [] }, `W/"${version}"`);
    expect((await desk.attempt(id, 'agreement', future)).body.errors).toEqual([expect.objectContaining({ field: 'at' })]);
  });

  it.each([
    ['a character no text can hold', { title: 'a\u0000b' }],
    ['half a character', { title: 'a\ud800b' }],
    ['a day before any calendar', { goals: [{ ...goal, dueDate: '0000-01-01' }] }],
    ['a day that does not exist', { goals: [{ ...goal, dueDate: '2026-02-30' }] }],
    ['a number too large', { goals: [{ ...goal, target: { value: 1e308 * 10, unit: 'min' } }] }],
    ['a field nobody knows', { colour: 'red' }],
  ])('refuses %s', async (_, body) => {
    const patientId = await newPatient(fhir);
    const reply = await desk.staff.call<Problem>('POST', '/plans', { patientId, ...body });
    expect(reply).toMatchObject({ status: 400, body: { code: expect.any(String), detail: expect.any(String) } });
  });

  it('is listed by patient and state, page by page', async () => {
    const patientId = await newPatient(fhir);
    for (let n = 0; n < 3; n++) await desk.draft({ patientId, title: `Plan ${n}` });
    const page = async (query: string) => (await desk.staff.call<{ items: { title: string }[]; next?: string }>('GET', `/plans?patient=${patientId}&limit=2${query}`)).body;
    const first = await page('');
    expect(first.items.map(({ title }) => title)).toEqual(['Plan 2', 'Plan 1']);
    const second = await page(`&after=${first.next}`);
    expect([second.items.map(({ title }) => title), second.next]).toEqual([['Plan 0'], undefined]);
    expect((await page('&state=active')).items).toEqual([]);
  });

  it('keeps who moved what, and leaves an audit trail', async () => {
    const { id, patientId } = await desk.activePlan(await newPatient(fhir));
    const { body } = await desk.staff.call<{ items: { subject: string; event: string; actorId: string }[] }>('GET', `/plans/${id}/transitions`);
    expect(body.items.filter(({ subject }) => subject === 'plan').map(({ event }) => event)).toEqual(['draft', 'agree', 'activate']);
    expect(new Set(body.items.map(({ actorId }) => actorId))).toEqual(new Set(['demo-clinician']));
    const audited = await app.transactions.read(app.scope(), (tx) => tx.query<{ what: string }>('select distinct what from audit where $1 = any(patients) order by what', [patientId]));
    expect(audited.map(({ what }) => what)).toEqual(expect.arrayContaining(['plan.activate', 'plan.agreement', 'plan.draft', 'plan.medication', 'plan.read']));
  });

  it('changes in the store by nobody but its own clinic’s staff', async () => {
    const { id } = await desk.activePlan(await newPatient(fhir));
    const { body, headers } = await fhir.get<CarePlan>(`/CarePlan/${id}`);
    expect((await fhir.put(`/CarePlan/${id}`, { ...body, status: 'revoked' }, { 'if-match': headers.get('etag') ?? '' })).status).toBe(403);
    const history = await fhir.get<Bundle>(`/CarePlan/${id}/_history`);
    expect(history.body.entry?.length).toBeGreaterThan(1);
  });

  it('leaves no open plan without owner, next action and date', async () => {
    const limbo = await app.transactions.read(app.scope(), (tx) =>
      tx.query(`select id from care_plan where state in ('draft', 'active', 'on-hold') and (next_action is null or next_at is null or owner_name = '')`),
    );
    expect(limbo).toEqual([]);
  });

  const careTeamOf = async (id: string): Promise<string | undefined> => {
    const { careTeam: [team] = [] } = (await fhir.get<CarePlan>(`/CarePlan/${id}`)).body;
    return team?.reference ? `/${team.reference}` : undefined;
  };
});
