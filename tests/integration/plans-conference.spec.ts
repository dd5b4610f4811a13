import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CarePlan, Task } from '@medplum/fhirtypes';
import { startTestApp, type TestApp } from '../support/app.js';
import { ConferenceLead, decision, team, type RecommendationAnswer } from '../support/conference-factory.js';
import { PlanDesk, days, goal, newPatient, type PlanAnswer, type Problem } from '../support/plan-factory.js';
import { Staff, hospital, referralBundle, send, type Hospital } from '../support/referral-factory.js';

describe('a care plan out of a conference', () => {
  let app: TestApp;
  let from: Hospital;
  let lead: ConferenceLead;
  let coordinator: Staff;
  let desk: PlanDesk;

  beforeAll(async () => {
    app = await startTestApp();
    from = await hospital(app, 'plain');
    lead = new ConferenceLead(app, await app.as('conference-lead'));
    coordinator = new Staff(app, await app.as('coordinator'));
    desk = new PlanDesk(new Staff(app, await app.as('clinician')));
  });
  afterAll(() => app.stop());

  const inDays = (count: number): string => new Date(Date.now() + days(count)).toISOString().slice(0, 10);

  /** A referral that was accepted, undo window over, and discussed; with what the team recommended. */
  async function recommended(code = 'physiotherapy'): Promise<{ patientId: string; referralId: string; serviceRequestId: string; recommendations: RecommendationAnswer[] }> {
    const ids = await send(from.fhir, referralBundle());
    const patientId = ids['Patient'] ?? '';
    const { id: referralId } = await coordinator.find(patientId);
    await coordinator.act(referralId, 'POST', 'triage');
    await coordinator.act(referralId, 'POST', 'acceptance', { urgency: 'stat', pathway: 'conference', comment: 'Fits our programme.' });
    const { id } = await lead.plan(new Date());
    const { items } = (await lead.add(id, { patientId, referralId })).body;
    await lead.do(id, 'lock');
    await lead.do(id, 'session');
    const people = team(app);
    await lead.attend(id, [people.physician, people.psychologist, people.physiotherapist]);
    const one = { code, detail: 'Graded exposure, twice a week', ownerId: people.physiotherapist, dueDate: inDays(14) };
    await lead.decide(id, items[0]?.id ?? '', { ...decision(people.physiotherapist, inDays(14)), recommendations: [one] });
    await lead.do(id, 'minutes');
    await lead.do(id, 'signature');
    const { body } = await lead.call<{ items: RecommendationAnswer[] }>('GET', `/recommendations?patient=${patientId}`);
    return { patientId, referralId, serviceRequestId: ids['ServiceRequest'] ?? '', recommendations: body.items };
  }

  const recommendation = async (id: string): Promise<RecommendationAnswer> => (await lead.call<RecommendationAnswer>('GET', `/recommendations/${id}`)).body;

  it('takes over what was recommended, by whom and until when, and carries it out', async () => {
    const { patientId, referralId, serviceRequestId, recommendations } = await recommended();
    const recommendationId = recommendations[0]?.id ?? '';
    const draft = await desk.draft({ recommendationIds: [recommendationId] });
    expect(draft).toMatchObject({
      patientId,
      referralId,
      summary: 'Fear of movement keeps the patient from work.',
      owner: { name: 'Demo physician', practitionerId: team(app).physician },
      activities: [{ discipline: 'physiotherapy', description: 'Graded exposure, twice a week', owner: { name: 'Demo physiotherapist' }, recommendationId }],
    });
    expect(await recommendation(recommendationId)).toMatchObject({ state: 'accepted' });

    const [{ id: activityId = '' } = {}] = draft.activities;
    const wording = {
      title: draft.title, summary: draft.summary, owner: draft.owner, goals: [goal],
      activities: [{ id: activityId, kind: 'treatment', discipline: 'physiotherapy', description: 'Graded exposure, twice a week', owner: { name: 'Demo physiotherapist' }, recommendationId }],
    };
    const edited = await desk.staff.call<PlanAnswer>('PUT', `/plans/${draft.id}`, wording, `W/"${draft.version}"`);
    expect(edited.body.activities).toMatchObject([{ id: activityId, recommendationId }]);
    await desk.act(draft.id, 'agreement', { by: 'patient', how: 'in-person' });
    await desk.act(draft.id, 'activation');

    expect(await recommendation(recommendationId)).toMatchObject({ state: 'done' });
    expect((await coordinator.read(referralId)).body).toMatchObject({ state: 'in-care' });
    const plan = (await from.fhir.get<CarePlan>(`/CarePlan/${draft.id}`)).body;
    expect(plan).toMatchObject({ status: 'active', supportingInfo: [{ reference: `ServiceRequest/${serviceRequestId}` }] });
    expect((await from.fhir.get<Task>(`/Task/${recommendationId}`)).body.status).toBe('completed');
  });

  it('leaves the referral where it is when it cannot move on', async () => {
    const { referralId, recommendations } = await recommended();
    expect(await coordinator.act(referralId, 'POST', 'cancellation', { comment: 'The patient found help elsewhere.' })).toMatchObject({ state: 'cancellation-requested' });
    const draft = await desk.draft({ recommendationIds: recommendations.map(({ id }) => id), goals: [goal] });
    await desk.act(draft.id, 'agreement', { by: 'patient', how: 'in-person' });
    expect(await desk.act(draft.id, 'activation')).toMatchObject({ state: 'active' });
    expect((await coordinator.read(referralId)).body).toMatchObject({ state: 'cancellation-requested' });
  });

  it('refuses what is no care of this clinic, what is settled, and two patients at once', async () => {
    const away = await recommended('redirect');
    const post = (body: object) => desk.staff.call<Problem>('POST', '/plans', body);
    expect((await post({ recommendationIds: away.recommendations.map(({ id }) => id) })).body.code).toBe('plan.recommendation-not-care');
    const one = await recommended();
    const ids = one.recommendations.map(({ id }) => id);
    const other = await newPatient(from.all);
    expect((await post({ patientId: other, recommendationIds: ids })).body.errors).toEqual([expect.objectContaining({ field: 'recommendationIds' })]);
    const draft = await desk.draft({ recommendationIds: ids, goals: [goal] });
    await desk.act(draft.id, 'agreement', { by: 'patient', how: 'in-person' });
    await desk.act(draft.id, 'activation');
    expect((await post({ recommendationIds: ids })).body.errors).toEqual([expect.objectContaining({ field: 'recommendationIds.0', message: expect.stringContaining('settled') })]);
  });
});
