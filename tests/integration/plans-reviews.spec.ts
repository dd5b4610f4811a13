import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Bundle, CarePlan, Goal, Task } from '@medplum/fhirtypes';
import { startTestApp, type TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { FhirClient } from '../support/fhir-client.js';
import { PlanDesk, days, goal, newPatient, physiotherapy, prescription, type PlanAnswer, type ReviewAnswer } from '../support/plan-factory.js';
import { Staff } from '../support/referral-factory.js';

const OPIOID = 'oxycodone hydrochloride 10 MG Oral Tablet';

describe('the reviews of a care plan', () => {
  let app: TestApp;
  let fhir: FhirClient;
  let desk: PlanDesk;

  beforeAll(async () => {
    app = await startTestApp({ worker: true });
    fhir = new FhirClient(app, await app.asSystem('system/*.cruds'));
    desk = new PlanDesk(new Staff(app, await app.as('clinician')));
  });
  afterAll(() => app.stop());

  const told = (event: string, reviewId: string): Promise<number> =>
    app.transactions.read(app.scope(), async (tx) => (await tx.query(`select 1 from outbox where event = $1 and ids->>'reviewId' = $2`, [event, reviewId])).length);

  const reviewOf = (plan: PlanAnswer): string => plan.review?.id ?? '';

  /** Waits until the plan's open review satisfies the condition. */
  const reviewed = (plan: PlanAnswer, what: string, holds: (review: NonNullable<PlanAnswer['review']>) => boolean): Promise<NonNullable<PlanAnswer['review']>> =>
    eventually(what, async () => {
      const { review } = await desk.read(plan.id);
      return review && holds(review) ? review : undefined;
    });

  const answer = async (patientId: string, occasion: 'baseline' | 'follow-up', answers: object, instrument = 'peg'): Promise<void> => {
    const dueAt = new Date((await nowOf(app)) + days(1)).toISOString();
    const { body } = await desk.staff.call<{ id: string }>('POST', '/assessments', { patientId, instrument, occasion, reason: 'Test', dueAt, answeredBy: 'staff' });
    const reply = await desk.staff.call('POST', `/assessments/${body.id}/answers`, { answers });
    if (reply.status !== 200) throw new Error(JSON.stringify(reply.body));
  };

  it('is held, says what it found, changes the plan and sets the next date', async () => {
    const patientId = await newPatient(fhir);
    await answer(patientId, 'baseline', { peg1: 8, peg2: 8, peg3: 8 });
    const plan = await desk.activePlan(patientId);
    const id = reviewOf(plan);
    await answer(patientId, 'follow-up', { peg1: 5, peg2: 5, peg3: 4 });
    await handled(app, patientId);
    expect((await desk.attemptReview(id, 'completion', desk.completion(plan))).body.code).toBe('review.no-transition');
    const started = await desk.actReview(id, 'start');
    expect(started).toMatchObject({ state: 'in-progress', heldBy: 'Demo clinician', availableActions: ['completion'] });
    expect((await fhir.get<Task>(`/Task/${id}`)).body.status).toBe('in-progress');
    expect((await desk.attempt(plan.id, 'hold', { reason: 'Abroad', until: '2099-01-01' })).body.code).toBe('plan.review-in-progress');

    const body = desk.completion(plan);
    expect((await desk.attemptReview(id, 'completion', { ...body, goals: [] })).body.code).toBe('review.goals-unjudged');
    expect((await desk.attemptReview(id, 'completion', { ...body, activities: [] })).body.code).toBe('review.activities-undecided');
    const [walking] = plan.activities;
    const [{ goalId = '' } = {}] = body['goals'] as { goalId: string }[];
    const changed = {
      ...body,
      goals: [{ goalId, achievement: 'improving', value: 9, note: 'Nine minutes', milestonesReached: ['Five minutes'] }],
      activities: [{ activityId: walking?.id, decision: 'change', why: 'Walks further', change: { cadence: { times: 3, every: 1, unit: 'week' } } }],
      newGoals: [{ ...goal, description: 'Finish a shift' }],
    };
    const done = await desk.actReview(id, 'completion', changed);
    expect(done).toMatchObject({
      state: 'done',
      availableActions: [],
      results: {
        outcomes: [{ instrument: 'peg', trend: 'improved' }],
        problemSolving: [],
        medication: { mme: { status: 'nothing-recorded' } },
        difference: {
          goals: { added: [{ description: 'Finish a shift' }] },
          activities: { added: [{ description: 'Walk ten minutes on three days' }], changed: [{ changes: [{ field: 'cadence' }] }], removed: [] },
        },
        revision: 2,
      },
    });
    const after = await desk.read(plan.id);
    expect(after).toMatchObject({ revision: 2, agreement: { toPresentWording: true }, goals: [{ achievement: 'improving', milestones: [{ reachedOn: expect.any(String) }] }, { lifecycle: 'active' }] });
    expect(after.review?.id).not.toBe(id);
    expect(after.nextAt).toBe(after.review?.dueAt);
    expect((await fhir.get<Task>(`/Task/${id}`)).body).toMatchObject({ status: 'completed', output: [{ valueCode: 'improved' }] });
    expect((await fhir.get<Goal>(`/Goal/${goalId}`)).body).toMatchObject({ achievementStatus: { coding: [{ code: 'improving' }] }, note: [{ text: expect.stringContaining('Milestone reached') }] });
    expect(await told('plan.review-done', id)).toBe(1);

    const difference = await desk.staff.call<{ from: number; to: number; difference: { goals: { added: object[] } } }>('GET', `/plans/${plan.id}/difference`);
    expect(difference.body).toMatchObject({ from: 1, to: 2, difference: { goals: { added: [{ description: 'Finish a shift' }] } } });
    expect((await desk.staff.call<{ items: object[] }>('GET', `/plans/${plan.id}/versions`)).body.items).toHaveLength(2);
    expect((await desk.staff.call('GET', `/plans/${plan.id}/difference?from=9`)).status).toBe(400);
  });

  it('meets a setback with a problem-solving step, once', async () => {
    const patientId = await newPatient(fhir);
    await answer(patientId, 'baseline', { peg1: 4, peg2: 4, peg3: 4 });
    const plan = await desk.activePlan(patientId);
    await answer(patientId, 'follow-up', { peg1: 8, peg2: 8, peg3: 8 });
    await handled(app, patientId);
    await desk.actReview(reviewOf(plan), 'start');
    const done = await desk.actReview(reviewOf(plan), 'completion', desk.completion(plan, 'worsening'));
    expect(done.results?.problemSolving).toHaveLength(2);
    const after = await desk.read(plan.id);
    expect(after.activities.filter(({ kind }) => kind === 'problem-solving').map(({ discipline, status }) => [discipline, status])).toEqual([['coordination', 'not-started'], ['coordination', 'not-started']]);
    await desk.actReview(reviewOf(after), 'start');
    const again = await desk.actReview(reviewOf(after), 'completion', desk.completion(after, 'no-progress'));
    expect(again.results).toMatchObject({ problemSolving: [], difference: { activities: { added: [] } } });
  });

  it('ends what a review completes or stops, and takes an earlier date that was agreed', async () => {
    const plan = await desk.activePlan(await newPatient(fhir), [physiotherapy, { ...physiotherapy, description: 'Hydrotherapy' }]);
    await desk.actReview(reviewOf(plan), 'start');
    const body = {
      ...desk.completion(plan),
      activities: [
        { activityId: plan.activities[0]?.id, decision: 'complete', why: 'All sessions done' },
        { activityId: plan.activities[1]?.id, decision: 'stop', why: 'Pool closed' },
      ],
    };
    const far = new Date((await nowOf(app)) + days(200)).toISOString().slice(0, 10);
    expect((await desk.attemptReview(reviewOf(plan), 'completion', { ...body, nextReviewOn: far })).body.code).toBe('review.later-than-rule');
    const soon = new Date((await nowOf(app)) + days(21)).toISOString().slice(0, 10);
    await desk.actReview(reviewOf(plan), 'completion', { ...body, nextReviewOn: soon });
    const after = await desk.read(plan.id);
    expect(after.review).toMatchObject({ rule: 'chosen-at-review' });
    expect(after.activities.map(({ status }) => status)).toEqual(['completed', 'cancelled', 'not-started']);
  });

  it('is moved by a person within the grace of its rule only', async () => {
    const plan = await desk.activePlan(await newPatient(fhir));
    const due = Date.parse(plan.review?.dueAt ?? '');
    const on = (count: number) => ({ dueOn: new Date(due + days(count)).toISOString().slice(0, 10), reason: 'Shift work' });
    expect((await desk.attemptReview(reviewOf(plan), 'postponement', on(20))).body.code).toBe('review.past-grace');
    const moved = await desk.actReview(reviewOf(plan), 'postponement', on(7));
    expect(Date.parse(moved.dueAt)).toBeGreaterThan(due);
    expect((await desk.read(plan.id)).nextAt).toBe(moved.dueAt);
    expect((await fhir.get<Task>(`/Task/${moved.id}`)).body.restriction?.period?.end).toBe(moved.dueAt);
    expect(await told('plan.review-moved', moved.id)).toBe(1);
  });

  it('is brought forward by a flare-up, and by nothing that is later', async () => {
    const plan = await desk.activePlan(await newPatient(fhir));
    const sooner = await desk.act(plan.id, 'flare-ups', { note: 'Worse since Sunday' });
    expect(sooner.review).toMatchObject({ id: reviewOf(plan), rule: 'flare-up', because: 'a flare-up was reported' });
    const again = await desk.act(plan.id, 'flare-ups', { note: 'Still bad' });
    expect(again.review).toEqual(expect.objectContaining({ dueAt: sooner.review?.dueAt }));
    expect(await told('plan.review-moved', reviewOf(plan))).toBe(1);
  });

  it('is brought forward by an outcome that got worse, not by one that did not', async () => {
    const patientId = await newPatient(fhir);
    await answer(patientId, 'baseline', { peg1: 5, peg2: 5, peg3: 5 });
    const plan = await desk.activePlan(patientId);
    await answer(patientId, 'follow-up', { peg1: 5, peg2: 5, peg3: 5 });
    await handled(app, patientId);
    expect((await desk.read(plan.id)).review?.rule).toBe('plan-default');
    await answer(patientId, 'follow-up', { peg1: 9, peg2: 9, peg3: 9 });
    expect(await reviewed(plan, 'an earlier review', ({ rule }) => rule === 'outcome-worse')).toMatchObject({ because: expect.stringContaining('worse than at baseline') });
  });

  it('is brought forward by a safety alert', async () => {
    const patientId = await newPatient(fhir);
    const plan = await desk.activePlan(patientId);
    const items = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`phq${index + 1}`, 'LA6569-3']));
    await answer(patientId, 'baseline', { ...items, phq10: 'LA6572-7' }, 'phq-9');
    const review = await reviewed(plan, 'an earlier review', ({ rule }) => rule === 'safety-alert');
    expect(Date.parse(review.dueAt) - (await nowOf(app))).toBeLessThan(days(4));
  });

  it('is brought forward by what a hospital prescribes', async () => {
    const patientId = await newPatient(fhir);
    const plan = await desk.activePlan(patientId);
    expect(plan.review?.rule).toBe('plan-default');
    await fhir.create(prescription(patientId, OPIOID, 4));
    await reviewed(plan, 'a review for a high dose', ({ rule }) => rule === 'opioid-50-mme');
    const today = new Date(await nowOf(app)).toISOString();
    await fhir.create(prescription(patientId, OPIOID, 4, { authoredOn: today }));
    await reviewed(plan, 'a review for a raised dose', ({ rule }) => rule === 'opioid-start-or-escalation-50-mme');
  });

  it('is brought forward by the second missed appointment', async () => {
    const patientId = await newPatient(fhir);
    const plan = await desk.activePlan(patientId);
    const start = new Date((await nowOf(app)) + days(1));
    const missed = () => fhir.create({ resourceType: 'Appointment', status: 'noshow', start: start.toISOString(), end: new Date(start.getTime() + 3_600_000).toISOString(), participant: [{ actor: { reference: `Patient/${patientId}` }, status: 'accepted' }] });
    await missed();
    await handled(app, patientId);
    expect((await desk.read(plan.id)).review?.rule).toBe('plan-default');
    await missed();
    await reviewed(plan, 'an earlier review', ({ rule }) => rule === 'missed-appointments');
  });

  it('stands on the worklist, soonest first', async () => {
    const patientId = await newPatient(fhir);
    const plan = await desk.activePlan(patientId);
    const { body } = await desk.staff.call<{ items: ReviewAnswer[] }>('GET', `/plan-reviews?patient=${patientId}`);
    expect(body.items).toEqual([expect.objectContaining({ id: reviewOf(plan), rule: 'plan-default', state: 'due' })]);
    const all = await pages(desk.staff);
    expect(all.map(({ dueAt }) => dueAt)).toEqual([...all.map(({ dueAt }) => dueAt)].sort());
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    expect((await desk.staff.call('GET', '/plan-reviews?after=nonsense')).status).toBe(400);
  });

  // The clock only moves forward, so these come last.
  it('falls due on its date, is missed when its grace is over, and can still be held', async () => {
    const plan = await desk.activePlan(await newPatient(fhir));
    const id = reviewOf(plan);
    await app.advance(days(85));
    await eventually('the news that it is due', async () => (await told('plan.review-due', id)) > 0);
    expect(await desk.readReview(id)).toMatchObject({ state: 'due', availableActions: ['postponement', 'start'] });
    expect(await told('plan.review-missed', id)).toBe(0);

    await app.advance(days(15));
    await eventually('the news that it was missed', async () => (await told('plan.review-missed', id)) > 0);
    expect(await desk.readReview(id)).toMatchObject({ state: 'missed', availableActions: ['start'] });
    expect(await desk.read(plan.id)).toMatchObject({ nextAction: 'Hold the review that was missed' });
    const asked = async () => (await fhir.get<Bundle<Task>>(`/Task?focus=Task/${id}&code=urn:cairn:code|plan-review-missed`)).body.entry?.[0]?.resource;
    expect(await asked()).toMatchObject({ status: 'requested', priority: 'urgent', performerType: [{ coding: [{ code: 'coordination' }] }] });
    expect((await fhir.get<Task>(`/Task/${id}`)).body).toMatchObject({ status: 'requested', businessStatus: { coding: [{ code: 'missed' }] } });

    await desk.actReview(id, 'start');
    expect((await asked())?.status).toBe('completed');
    expect(await told('plan.review-due', id)).toBe(1);
    expect(await told('plan.review-missed', id)).toBe(1);
  });

  it('asks a coordinator when a draft waits too long, and no longer once it goes on', async () => {
    const patientId = await newPatient(fhir);
    const draft = await desk.draft({ patientId, goals: [goal] });
    await app.advance(days(15));
    const asked = async () => (await fhir.get<Bundle<Task>>(`/Task?focus=CarePlan/${draft.id}&code=urn:cairn:code|plan-waiting`)).body.entry?.[0]?.resource;
    await eventually('the Task', asked);
    await desk.act(draft.id, 'agreement', { by: 'patient', how: 'phone' });
    await desk.act(draft.id, 'activation');
    expect((await asked())?.status).toBe('completed');
  });

  it('is brought forward when a questionnaire stays unanswered', async () => {
    const plan = await desk.activePlan(await newPatient(fhir));
    await app.advance(days(20));
    expect(await reviewed(plan, 'an earlier review', ({ rule }) => rule === 'questionnaire-unanswered')).toBeDefined();
    expect((await fhir.get<CarePlan>(`/CarePlan/${plan.id}`)).body.status).toBe('active');
  });
});

/** The demo's clock. */
async function nowOf(app: TestApp): Promise<number> {
  const [row] = await app.transactions.read(app.scope(), (tx) => tx.query<{ now: Date }>(`select now() + offset_ms * interval '1 millisecond' as now from demo_clock`));
  return row?.now.getTime() ?? 0;
}

/** Waits until plans have heard all news about the patient. */
async function handled(app: TestApp, patientId: string): Promise<void> {
  await eventually('all news handled', () =>
    app.transactions.read(app.scope(), async (tx) => {
      const [row] = await tx.query<{ open: string }>(
        `select count(*) open from outbox o left join event_handling h on h.clinic_id = o.clinic_id and h.event_id = o.id and h.handler = 'plans.triggers'
         where o.ids->>'patientId' = $1 and (o.relayed_at is null or h.state = 'pending')`,
        [patientId],
      );
      return row?.open === '0';
    }),
  );
}

/** The whole worklist, three reviews at a time. */
async function pages(staff: Staff): Promise<ReviewAnswer[]> {
  const found: ReviewAnswer[] = [];
  for (let after: string | undefined, first = true; first || after !== undefined; first = false) {
    const { body } = await staff.call<{ items: ReviewAnswer[]; next?: string }>('GET', `/plan-reviews?limit=3${after ? `&after=${after}` : ''}`);
    found.push(...body.items);
    after = body.next;
  }
  return found;
}
