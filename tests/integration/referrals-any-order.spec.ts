import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DIALECTS, type Dialect } from '@cairn/referrals';
import type { Bundle, Task } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { faceKey, faceOf, isLegalStep, type Face } from '../../libs/referrals/src/referral.dialect.js';
import { faceOnTask } from '../../libs/referrals/src/referral.fhir.js';
import { REFERRAL_STATES, referralMachine, type ReferralEvent, type ReferralState } from '../../libs/referrals/src/referral.workflow.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { Staff, hospital, referralBundle, send, type Hospital, type ReferralAnswer } from '../support/referral-factory.js';

const WORDS = { comment: 'Said.' };
const VISIT = { start: '2031-01-15T09:00:00Z', minutes: 30 };

/** Every act of /api on a referral, with a body that passes. */
const ACTS: Readonly<Record<string, readonly [method: 'POST' | 'DELETE', path: string, body?: object]>> = {
  triage: ['POST', 'triage'],
  ask: ['POST', 'information-request', {}],
  answer: ['POST', 'information', WORDS],
  goOn: ['DELETE', 'information-request'],
  accept: ['POST', 'acceptance', { urgency: 'routine', pathway: 'assessment', ...WORDS }],
  acceptNow: ['POST', 'acceptance', { urgency: 'stat', pathway: 'conference', ...WORDS }],
  decline: ['POST', 'decline', { reason: 'other', advice: 'Elsewhere.' }],
  redirect: ['POST', 'redirection', { to: 'Spine centre', ...WORDS }],
  confirmRedirection: ['POST', 'redirection/confirmation', WORDS],
  undo: ['DELETE', 'decision'],
  correct: ['POST', 'correction', { urgency: 'urgent', pathway: 'programme', ...WORDS }],
  waitlist: ['POST', 'waitlisting', WORDS],
  book: ['POST', 'appointment', VISIT],
  callOff: ['DELETE', 'appointment', { reason: 'Asked.' }],
  attend: ['POST', 'attendance'],
  miss: ['POST', 'no-show'],
  care: ['POST', 'care', WORDS],
  hold: ['POST', 'hold', { reason: 'other' }],
  resume: ['DELETE', 'hold'],
  cancel: ['POST', 'cancellation', WORDS],
  withdraw: ['POST', 'withdrawal', WORDS],
  close: ['POST', 'closure', { summary: 'Done.' }],
  closeUnseen: ['POST', 'unseen-closure', { reason: 'moved', ...WORDS }],
  acknowledge: ['POST', 'flags/cauda-equina/acknowledgement', { actionTaken: 'Phoned.' }],
  retract: ['POST', 'retraction', WORDS],
};

const people = ['coordinator', 'clinician', 'conference-lead', 'auditor'] as const;
type Step =
  | { readonly kind: 'act'; readonly act: string; readonly by: (typeof people)[number]; readonly version: 'present' | 'stale' | 'none'; readonly times: number }
  | { readonly kind: 'task'; readonly status: Task['status'] }
  | { readonly kind: 'request'; readonly status: 'revoked' | 'active' | 'entered-in-error' }
  | { readonly kind: 'red-flag' | 'answer' | 'time' };

const act = fc.record({
  kind: fc.constant('act' as const),
  // Most walks should come far: what ends a referral is drawn less often.
  act: fc.oneof({ weight: 6, arbitrary: fc.constantFrom('triage', 'ask', 'answer', 'accept', 'acceptNow', 'undo', 'correct', 'waitlist', 'book', 'miss', 'attend', 'hold', 'resume', 'acknowledge') }, { weight: 1, arbitrary: fc.constantFrom(...Object.keys(ACTS)) }),
  by: fc.oneof({ weight: 4, arbitrary: fc.constantFrom('coordinator' as const, 'clinician' as const) }, { weight: 1, arbitrary: fc.constantFrom(...people) }),
  version: fc.oneof({ weight: 5, arbitrary: fc.constant('present' as const) }, { weight: 1, arbitrary: fc.constantFrom('stale' as const, 'none' as const) }),
  times: fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.constant(3) }),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 9, arbitrary: act },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('task' as const), status: fc.constantFrom<Task['status'][]>('cancelled', 'accepted', 'completed', 'rejected', 'in-progress', 'requested', 'entered-in-error') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('request' as const), status: fc.constantFrom('revoked' as const, 'active' as const, 'entered-in-error' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('red-flag' as const, 'answer' as const, 'time' as const) }) },
);

/** Found by chance: a dialect that has a station on the way to the end, which the requester's own cancellation passed over. */
const CANCELLED_IN_TRIAGE: Step[] = [
  { kind: 'act', act: 'triage', by: 'coordinator', version: 'present', times: 1 },
  { kind: 'task', status: 'cancelled' },
];

describe('any sequence of events, by anybody, in any order, repeated, with stale versions', () => {
  let app: TestApp;
  let all: Hospital;
  const hospitals = new Map<Dialect, Hospital>();
  const staff = new Map<string, Staff>();

  beforeAll(async () => {
    app = await startTestApp();
    for (const dialect of DIALECTS) hospitals.set(dialect, (all = await hospital(app, dialect)));
    for (const role of people) staff.set(role, new Staff(app, await app.as(role)));
  });
  afterAll(() => app.stop());

  const member = (role: string): Staff => staff.get(role) ?? raise(role);
  const answered = new Set<number>();

  /** Does the step, several times at once where it says so. Returns the statuses. */
  async function perform(from: Hospital, { id, taskId, serviceRequestId }: ReferralAnswer, patientId: string, stepped: Step): Promise<number[]> {
    switch (stepped.kind) {
      case 'act': {
        const [method, path, body] = ACTS[stepped.act] ?? raise(stepped.act);
        const { etag } = await member('clinician').read(id);
        const ifMatch = stepped.version === 'present' ? (etag ?? undefined) : stepped.version === 'stale' ? 'W/"1"' : undefined;
        const replies = await Promise.all(Array.from({ length: stepped.times }, () => member(stepped.by).call(method, `/referrals/${id}/${path}`, body, ifMatch)));
        return replies.map(({ status }) => status);
      }
      case 'task': {
        const read = await from.fhir.get<Task>(`/Task/${taskId}`);
        return [(await from.fhir.put(`/Task/${taskId}`, { ...read.body, status: stepped.status }, { 'if-match': read.headers.get('etag') ?? '' })).status];
      }
      case 'request': {
        const read = await from.fhir.get<{ resourceType: 'ServiceRequest' }>(`/ServiceRequest/${serviceRequestId}`);
        return [(await from.fhir.put(`/ServiceRequest/${serviceRequestId}`, { ...read.body, status: stepped.status })).status];
      }
      case 'red-flag':
        return [(await from.fhir.post('/Condition', { resourceType: 'Condition', subject: { reference: `Patient/${patientId}` }, code: { coding: [{ system: 'http://snomed.info/sct', code: '192970008' }] } })).status];
      case 'answer':
        return [(await from.fhir.post('/Communication', { resourceType: 'Communication', status: 'completed', basedOn: [{ reference: `ServiceRequest/${serviceRequestId}` }], subject: { reference: `Patient/${patientId}` }, payload: [{ contentString: 'As asked.' }] })).status];
      case 'time':
        await app.advance(3 * 60_000);
        return [];
    }
  }

  it('leaves a legal state, a complete log, and FHIR faces that agree with it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...DIALECTS), fc.array(step, { minLength: 4, maxLength: 16 }), async (dialect, steps) => {
        const from = hospitals.get(dialect) ?? raise(dialect);
        const ids = await send(from.fhir, referralBundle());
        const patientId = ids['Patient'] ?? '';
        const referral = await member('coordinator').find(patientId);
        for (const each of steps) {
          const statuses = await perform(from, referral, patientId, each);
          for (const status of statuses) answered.add(status);
          expect([each, statuses.filter((status) => status >= 500)]).toEqual([each, []]);
          // A decision, named for one version, happens once however often it is sent.
          if (each.kind === 'act' && each.version === 'present' && ['accept', 'acceptNow', 'decline', 'redirect', 'correct'].includes(each.act)) expect(statuses.filter((status) => status === 200).length).toBeLessThan(2);
        }
        await expectSound(from, dialect, referral);
      }),
      { numRuns: 14, examples: DIALECTS.map((dialect): [Dialect, Step[]] => [dialect, CANCELLED_IN_TRIAGE]) },
    );
    // The walks met what they were meant to meet: acts that passed, refusals by rule, by right, for want of a version, and for a stale one.
    expect([...answered]).toEqual(expect.arrayContaining([200, 201, 403, 409, 412]));
    expect(all).toBeDefined();
  }, 240_000);

  async function expectSound(from: Hospital, dialect: Dialect, { id, taskId, serviceRequestId }: ReferralAnswer): Promise<void> {
    const { body: now } = await member('clinician').read(id);
    const state = now.state as ReferralState;
    expect(REFERRAL_STATES).toContain(state);
    expect(now.history[0]).toMatchObject({ event: 'receive', from: null, to: 'received' });
    expect(now.history.at(-1)?.to).toBe(state);
    for (const [index, line] of now.history.entries()) {
      if (index === 0) continue;
      expect(line.from).toBe(now.history[index - 1]?.to);
      const known = referralMachine.transitions.some((one) => one.event === (line.event as ReferralEvent) && [one.from].flat().includes(line.from as ReferralState) && one.to === line.to);
      expect([line.event, line.from, line.to, known]).toEqual([line.event, line.from, line.to, true]);
    }
    const [row] = await app.transactions.run(app.scope(), (tx) =>
      tx.query<{ decisionDueAt: Date | null; acceptedAt: Date | null; rebookReason: 'no-show' | 'appointment-cancelled' | null; settledAt: Date | null; nextAction: string | null; hardStops: number; found: number }>(
        `select decision_due_at as "decisionDueAt", accepted_at as "acceptedAt", rebook_reason as "rebookReason", settled_at as "settledAt", next_action as "nextAction", open_hard_stops as "hardStops",
          (select count(*)::int from referral_flag f where f.clinic_id = r.clinic_id and f.referral_id = r.id and f.state = 'found' and f.level = 'hard-stop' and f.acknowledged_at is null) as found
          from referral r where id = $1`,
        [id],
      ),
    );
    if (!row) throw new Error('The referral is gone.');
    expect(row.hardStops).toBe(row.found);
    expect(row.settledAt === null).toBe(row.nextAction !== null);
    if (row.hardStops > 0) expect(row.decisionDueAt).toBeNull();

    // What the Task shows now, and every step by which it came there.
    const key = faceKey({ ...row, state });
    const task = (await from.fhir.get<Task>(`/Task/${taskId}`)).body;
    expect(faceOnTask(task, dialect).status).toBe(faceOf(dialect, key).status);
    expect(task.businessStatus?.coding).toContainEqual({ system: 'urn:cairn:referral-state', code: key });
    const history = (await from.fhir.get<Bundle<Task>>(`/Task/${taskId}/_history?_count=200`)).body;
    const versions = (history.entry ?? []).flatMap(({ resource }) => resource ?? []).reverse();
    let at: Face | undefined;
    for (const [index, version] of versions.entries()) {
      // A requester's own version that asks to cancel is answered by the next one (ADR 004): it stands in the history and counts as no step of Cairn's.
      const byRequester = version.status === 'cancelled' && versions[index + 1]?.status === 'in-progress';
      if (byRequester) continue;
      const shown = faceOnTask(version, dialect);
      if (at) expect([dialect, at, shown, isLegalStep(dialect, at, shown) || (at.status === shown.status && shown.businessStatus === undefined)]).toEqual([dialect, at, shown, true]);
      at = { ...shown, businessStatus: shown.businessStatus ?? at?.businessStatus };
    }
    const appointments = (await from.all.get<Bundle>(`/Appointment?based-on=ServiceRequest/${serviceRequestId}&status=booked`)).body;
    expect((appointments.entry ?? []).length).toBe(now.appointment ? 1 : 0);
    expect((state === 'booked') <= (now.appointment !== null)).toBe(true);
  }
});

function raise(what: string): never {
  throw new Error(`There is no ${what}.`);
}
