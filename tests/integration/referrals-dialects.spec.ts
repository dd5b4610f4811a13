import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DIALECTS, REFERRAL_EVENTS, type Dialect } from '@cairn/referrals';
import type { Task } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { startTestApp, type TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { Staff, hospital, lettersAbout, referralBundle, send, taskStory, type Hospital, type ReferralAnswer } from '../support/referral-factory.js';

const STAT = { urgency: 'stat', pathway: 'assessment', comment: 'Fits.' };
const VISIT = { start: '2031-01-15T09:00:00Z', minutes: 30 };

/** Task.status and the dialect's own businessStatus for each state, written down from workflows.md, not from the mapping under test. */
const FACES: Readonly<Record<Dialect, Readonly<Record<string, string>>>> = (() => {
  const plain = {
    received: 'received', 'in-triage': 'received', 'information-requested': 'received', accepted: 'accepted', waitlisted: 'accepted', booked: 'in-progress', 'to-rebook': 'in-progress',
    'in-care': 'in-progress', 'on-hold': 'on-hold', redirected: 'rejected', declined: 'rejected', 'cancellation-requested': 'in-progress', withdrawn: 'cancelled', closed: 'completed',
    'closed-not-seen': 'failed', 'entered-in-error': 'entered-in-error',
  };
  const stu2 = {
    received: 'received 2.0', 'in-triage': 'received 2.0', 'information-requested': 'received 2.0', accepted: 'accepted 3.0', waitlisted: 'accepted 3.0', booked: 'in-progress 5.1.1',
    'to-rebook': 'in-progress 5.1.2', 'in-care': 'in-progress 5.1.4', 'on-hold': 'on-hold', redirected: 'rejected 4.0', declined: 'rejected 4.0', 'cancellation-requested': 'in-progress 5.2',
    withdrawn: 'cancelled 6.0', closed: 'completed 7.0', 'closed-not-seen': 'failed', 'entered-in-error': 'entered-in-error',
  };
  const stu1 = Object.fromEntries(Object.entries(stu2).map(([state, face]) => [state, face.replace('5.2', '5.4').replace(/5\.1\.\d/, '5.x')]));
  const sdohcc = { ...plain, received: 'requested', 'in-triage': 'requested', 'information-requested': 'requested' };
  return { plain, sdohcc, 'bser-stu2': stu2, 'bser-stu1': stu1 };
})();

describe('referrals in every dialect', () => {
  let app: TestApp;
  let coordinator: Staff;
  let clinician: Staff;
  const hospitals = new Map<Dialect, Hospital>();

  beforeAll(async () => {
    app = await startTestApp({ worker: true });
    coordinator = new Staff(app, await app.as('coordinator'));
    clinician = new Staff(app, await app.as('clinician'));
    for (const dialect of DIALECTS) hospitals.set(dialect, await hospital(app, dialect));
  });
  afterAll(() => app.stop());

  const at = (dialect: Dialect): Hospital => {
    const found = hospitals.get(dialect);
    if (!found) throw new Error('No such hospital.');
    return found;
  };
  const arrived = async (dialect: Dialect): Promise<ReferralAnswer> => coordinator.find((await send(at(dialect).fhir, referralBundle()))['Patient'] ?? '');
  const taskOf = async (dialect: Dialect, taskId: string): Promise<Task> => (await at(dialect).fhir.get<Task>(`/Task/${taskId}`)).body;
  const face = (task: Task): string => [task.status, task.businessStatus?.coding?.find(({ system }) => system !== 'urn:cairn:referral-state')?.code].filter(Boolean).join(' ');
  const putTask = async (dialect: Dialect, taskId: string, change: (task: Task) => void) => {
    const read = await at(dialect).fhir.get<Task>(`/Task/${taskId}`);
    const task = structuredClone(read.body);
    change(task);
    return at(dialect).fhir.put<Task>(`/Task/${taskId}`, task, { 'if-match': read.headers.get('etag') ?? '' });
  };

  it.each(DIALECTS)('%s: the whole way to the outcome shows the right face at each step', async (dialect) => {
    const { id, taskId } = await arrived(dialect);
    const check = async (state: string): Promise<void> => {
      const { body } = await coordinator.read(id);
      expect([body.state, face(await taskOf(dialect, taskId))]).toEqual([state, FACES[dialect][state]]);
    };
    const walk: [string, 'POST' | 'DELETE', string, object?][] = [
      ['in-triage', 'POST', 'triage'],
      ['information-requested', 'POST', 'information-request', { question: 'MRI?' }],
      ['in-triage', 'POST', 'information', { comment: 'Told.' }],
      ['accepted', 'POST', 'acceptance', STAT],
      ['waitlisted', 'POST', 'waitlisting', { comment: 'Full.' }],
      ['booked', 'POST', 'appointment', VISIT],
      ['to-rebook', 'POST', 'no-show'],
      ['on-hold', 'POST', 'hold', { reason: 'patient-ill' }],
      ['to-rebook', 'DELETE', 'hold'],
      ['booked', 'POST', 'appointment', VISIT],
      ['in-care', 'POST', 'attendance'],
      ['on-hold', 'POST', 'hold', { reason: 'patient-away' }],
      ['in-care', 'DELETE', 'hold'],
      ['closed', 'POST', 'closure', { summary: 'Better.' }],
      ['entered-in-error', 'POST', 'retraction', { comment: 'Wrong patient.' }],
    ];
    await check('received');
    for (const [state, method, path, body] of walk) {
      await coordinator.act(id, method, path, body);
      await check(state);
    }
  });

  it('the worker sends an acceptance on its way when the window has closed', async () => {
    const { id, taskId, serviceRequestId } = await arrived('bser-stu2');
    await coordinator.act(id, 'POST', 'triage');
    await coordinator.act(id, 'POST', 'acceptance', { ...STAT, urgency: 'urgent' });
    await app.advance(3 * 60_000);
    await eventually('Task accepted', async () => (await taskOf('bser-stu2', taskId)).status === 'accepted');
    expect(await taskStory(at('bser-stu2').fhir, taskId)).toEqual(['requested', 'received 2.0', 'accepted 3.0']);
    expect((await lettersAbout(at('bser-stu2').fhir, serviceRequestId))['referral-accepted']).toContain('urgent');
  });

  describe('the referrer cancels', () => {
    it.each<[Dialect, string[]]>([
      ['plain', ['requested', 'received', 'cancelled']],
      ['sdohcc', ['requested', 'cancelled']],
      ['bser-stu2', ['requested', 'received 2.0', 'in-progress 5.2', 'cancelled 6.0']],
      ['bser-stu1', ['requested', 'received 2.0', 'in-progress 5.4', 'cancelled 6.0']],
    ])('%s, by revoking the request before acceptance: at once', async (dialect, story) => {
      const { id, taskId, serviceRequestId } = await arrived(dialect);
      const request = (await at(dialect).fhir.get<{ resourceType: 'ServiceRequest' }>(`/ServiceRequest/${serviceRequestId}`)).body;
      expect((await at(dialect).fhir.put(`/ServiceRequest/${serviceRequestId}`, { ...request, status: 'revoked' })).status).toBe(200);
      expect((await coordinator.read(id)).body.state).toBe('withdrawn');
      expect(await taskStory(at(dialect).fhir, taskId)).toEqual(story);
      expect((await lettersAbout(at(dialect).fhir, serviceRequestId))['referral-withdrawn']).toBeDefined();
    });

    it.each(DIALECTS)('%s, on the Task before acceptance: at once', async (dialect) => {
      const { id, taskId } = await arrived(dialect);
      const reply = await putTask(dialect, taskId, (task) => (task.status = 'cancelled'));
      expect([reply.status, face(reply.body)]).toEqual([200, FACES[dialect]['withdrawn']]);
      expect((await coordinator.read(id)).body.state).toBe('withdrawn');
    });

    it.each(DIALECTS)('%s, once work began: on confirmation', async (dialect) => {
      const { id, taskId } = await arrived(dialect);
      await coordinator.act(id, 'POST', 'triage');
      await coordinator.act(id, 'POST', 'acceptance', STAT);
      await coordinator.act(id, 'POST', 'appointment', VISIT);
      const reply = await putTask(dialect, taskId, (task) => (task.status = 'cancelled'));
      expect([reply.status, face(reply.body)]).toEqual([200, FACES[dialect]['cancellation-requested']]);
      const confirmed = await coordinator.act(id, 'POST', 'withdrawal', { comment: 'Agreed.' });
      expect(confirmed).toMatchObject({ state: 'withdrawn', appointment: null });
      expect(face(await taskOf(dialect, taskId))).toBe(FACES[dialect]['withdrawn']);
    });

    it('in BSeR’s own way, and the outcome that arrives meanwhile wins', async () => {
      const { id, taskId, serviceRequestId } = await arrived('bser-stu2');
      await coordinator.act(id, 'POST', 'triage');
      await coordinator.act(id, 'POST', 'acceptance', STAT);
      const asked = await putTask('bser-stu2', taskId, (task) => {
        task.status = 'in-progress';
        task.businessStatus = { coding: [{ system: 'http://hl7.org/fhir/us/bser/CodeSystem/TaskBusinessStatusCS', code: '5.2' }] };
      });
      expect(asked.status).toBe(200);
      expect((await coordinator.read(id)).body.state).toBe('cancellation-requested');
      const request = (await at('bser-stu2').fhir.get<{ resourceType: 'ServiceRequest' }>(`/ServiceRequest/${serviceRequestId}`)).body;
      expect((await at('bser-stu2').fhir.put(`/ServiceRequest/${serviceRequestId}`, { ...request, status: 'revoked' })).status).toBe(200);
      await coordinator.act(id, 'POST', 'closure', { summary: 'Already treated.' });
      expect(await taskStory(at('bser-stu2').fhir, taskId)).toEqual(['requested', 'received 2.0', 'accepted 3.0', 'in-progress 5.2', 'completed 7.0']);
    });

    it('while a decision can still be undone: nothing of the decision is ever told', async () => {
      const { id, taskId, serviceRequestId } = await arrived('plain');
      await coordinator.act(id, 'POST', 'triage');
      await coordinator.act(id, 'POST', 'acceptance', { ...STAT, urgency: 'routine' });
      expect((await putTask('plain', taskId, (task) => (task.status = 'cancelled'))).status).toBe(200);
      expect((await coordinator.read(id)).body.state).toBe('withdrawn');
      expect(Object.keys(await lettersAbout(at('plain').fhir, serviceRequestId))).toEqual(['referral-withdrawn']);
    });
  });

  describe('what the requester may not do to the Task', () => {
    it.each<[string, (task: Task) => void, string]>([
      ['accept it', (task) => (task.status = 'accepted'), 'referral.status-of-target'],
      ['complete it', (task) => (task.status = 'completed'), 'referral.status-of-target'],
      ['set the business status', (task) => (task.businessStatus = { coding: [{ system: 'http://hl7.org/fhir/us/bser/CodeSystem/TaskBusinessStatusCS', code: '7.0' }] }), 'referral.status-of-target'],
      ['raise its priority', (task) => (task.priority = 'stat'), 'referral.task-field-of-target'],
      ['give it another owner', (task) => (task.owner = { display: 'Somebody else' }), 'referral.task-field-of-target'],
      ['take the filler number away', (task) => (task.identifier = task.identifier?.filter(({ system }) => system !== 'urn:cairn:referral')), 'referral.task-field-of-target'],
    ])('%s', async (_, change, rule) => {
      const { id, taskId } = await arrived('bser-stu2');
      const before = await taskOf('bser-stu2', taskId);
      const reply = await putTask('bser-stu2', taskId, change);
      expect(reply.status).toBe(409);
      expect(reply.text).toContain(rule);
      expect(await taskOf('bser-stu2', taskId)).toEqual(before);
      expect((await coordinator.read(id)).body.state).toBe('received');
    });

    it('change it without saying which version, or delete it', async () => {
      const { taskId, serviceRequestId } = await arrived('plain');
      const task = await taskOf('plain', taskId);
      expect((await at('plain').fhir.put(`/Task/${taskId}`, { ...task, status: 'cancelled' })).status).toBe(428);
      expect((await at('plain').fhir.delete(`/Task/${taskId}`, { 'if-match': `W/"${task.meta?.versionId}"` })).status).toBe(409);
      expect((await at('plain').fhir.delete(`/ServiceRequest/${serviceRequestId}`)).status).toBe(409);
    });

    it('but it may add a note, and mark an error', async () => {
      const { id, taskId } = await arrived('plain');
      expect((await putTask('plain', taskId, (task) => (task.note = [{ text: 'Prefers mornings.' }]))).status).toBe(200);
      expect((await putTask('plain', taskId, (task) => (task.status = 'entered-in-error'))).status).toBe(200);
      expect((await coordinator.read(id)).body.state).toBe('entered-in-error');
    });
  });

  it('whatever people do in whatever order, row, log and Task agree after every commit', async () => {
    const bodies: Record<string, object | undefined> = {
      'request-information': { question: 'MRI?' }, 'provide-information': { comment: 'Told.' }, decline: { reason: 'other', advice: 'Elsewhere.' }, redirect: { to: 'Spine centre', comment: 'Surgery.' },
      correct: STAT, 'confirm-redirection': { comment: 'Called.' }, waitlist: { comment: 'Full.' }, book: VISIT, 'cancel-appointment': { reason: 'Asked.' }, 'begin-care': { comment: 'Phone.' }, hold: { reason: 'other' },
      cancel: { comment: 'Called.' }, 'confirm-withdrawal': { comment: 'Ok.' }, close: { summary: 'Done.' }, 'close-unseen': { reason: 'moved', comment: 'Gone.' }, 'enter-in-error': { comment: 'Wrong.' },
    };
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...DIALECTS), fc.array(fc.tuple(fc.nat(), fc.boolean()), { minLength: 3, maxLength: 9 }), async (dialect, picks) => {
        const { id, taskId } = await arrived(dialect);
        for (const [pick, atOnce] of picks) {
          const { body, etag } = await clinician.read(id);
          const offered = body.availableActions.filter(({ action }) => (REFERRAL_EVENTS as readonly string[]).includes(action) && (action !== 'enter-in-error' || pick % 7 === 0));
          const chosen = offered[pick % Math.max(1, offered.length)];
          if (!chosen) break;
          const said = chosen.action === 'accept' ? { ...STAT, urgency: atOnce ? 'stat' : 'routine' } : bodies[chosen.action];
          const reply = await clinician.call(chosen.method, chosen.href.replace('/api/v1', ''), said, etag ?? undefined);
          expect([chosen.action, reply.status]).toEqual([chosen.action, 200]);
          const { body: now } = await clinician.read(id);
          const shown = face(await taskOf(dialect, taskId));
          const again = now.state === 'in-triage' && now.history.some(({ event, to }) => event === 'take-effect' && to === 'accepted');
          const state = now.decision?.undoableUntil ? (now.history.some(({ event, to }) => event === 'take-effect' && to === 'accepted') ? 'accepted' : 'in-triage') : again ? 'accepted' : now.state;
          const faces = state === 'to-rebook' ? [FACES[dialect]['to-rebook'], FACES[dialect]['to-rebook']?.replace('5.1.2', '5.1.3')] : [FACES[dialect][state]];
          expect(faces).toContain(shown);
          expect(now.history.every((line, index) => line.from === (now.history[index - 1]?.to ?? null))).toBe(true);
          expect(now.history.at(-1)?.to).toBe(now.state);
        }
      }),
      { numRuns: 8 },
    );
  }, 180_000);
});
