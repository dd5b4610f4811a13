import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Bundle, Communication, Condition, Task } from '@medplum/fhirtypes';
import { Clinics } from '@cairn/platform';
import { startTestApp, type TestApp } from '../support/app.js';
import { setClinic } from '../support/clinic-settings.js';
import { eventually } from '../support/eventually.js';
import { Staff, hospital, lettersAbout, referralBundle, send, type Hospital, type ReferralAnswer } from '../support/referral-factory.js';

const MINUTE = 60_000;
const subject = { reference: 'Patient/none' };
const condition = (code: string, patient?: string): Condition => ({
  resourceType: 'Condition',
  subject: patient ? { reference: `Patient/${patient}` } : subject,
  code: { coding: [{ system: 'http://snomed.info/sct', code }] },
});
const CAUDA_EQUINA = '192970008';
const CORD_COMPRESSION = '71286001';
const accept = { urgency: 'urgent', pathway: 'assessment', comment: 'Fits.' };

interface Alert {
  readonly id: string;
  readonly state: string;
  readonly step: number;
  readonly owner: { name: string };
  readonly subject: { kind: string; id: string };
  readonly rule: string;
}

interface Flagged extends Omit<ReferralAnswer, 'flags'> {
  readonly flags: { flag: string; state: string; hint: boolean; evidence: string[]; evidenceWithheld: number; grounds: { reference: string; says: string; source: string; verified: boolean }[]; acknowledged: { by: string; actionTaken: string } | null }[];
  readonly safetyCover: { covered: boolean; call: string[] } | null;
  readonly nextActionAt: string;
}

describe('red flags reach people', () => {
  let app: TestApp;
  let from: Hospital;
  let coordinator: Staff;
  let clinician: Staff;

  const rota = { people: [{ name: 'First' }, { name: 'Deputy' }], acknowledgeWithinMinutes: 10 };
  const setRota = async (safetyRota: object): Promise<void> => {
    await setClinic(app, { outcomes: { safetyRota } });
    await eventually('the rota', async () => isDeepStrictEqual((await app.get(Clinics).get(app.clinicId)).settings['outcomes'], { safetyRota }));
  };
  const come = async (parts: Parameters<typeof referralBundle>[0]): Promise<{ ids: Record<string, string>; referral: Flagged }> => {
    const ids = await send(from.fhir, referralBundle(parts));
    const { id } = await coordinator.find(ids['Patient'] ?? '');
    return { ids, referral: (await coordinator.call<Flagged>('GET', `/referrals/${id}`)).body };
  };
  const alertsOf = async (id: string): Promise<Alert[]> =>
    (await clinician.call<{ items: Alert[] }>('GET', '/safety-alerts?limit=100')).body.items.filter((alert) => alert.subject.id === id);
  const again = async (id: string): Promise<Flagged> => (await coordinator.call<Flagged>('GET', `/referrals/${id}`)).body;

  beforeAll(async () => {
    app = await startTestApp({ worker: true });
    from = await hospital(app, 'plain');
    coordinator = new Staff(app, await app.as('coordinator'));
    clinician = new Staff(app, await app.as('clinician'));
    await setRota(rota);
  });
  afterAll(() => app.stop());

  it('a hard stop goes to the first on the rota, to the next when the time is over, and one act settles flag and alert', async () => {
    const { referral, ids } = await come({ rests: [condition(CAUDA_EQUINA)] });
    expect(referral.flags[0]).toMatchObject({
      flag: 'cauda-equina', state: 'found', hint: false, evidence: [`Condition/${ids['Condition']}`],
      grounds: [{ reference: `Condition/${ids['Condition']}`, says: 'Cauda equina syndrome', source: expect.any(String), verified: true }],
    });
    expect(referral.safetyCover).toMatchObject({ covered: true });
    expect(await lettersAbout(from.fhir, referral.serviceRequestId)).toEqual({});
    const [alert] = await alertsOf(referral.id);
    expect(alert).toMatchObject({ state: 'raised', rule: 'cauda-equina', subject: { kind: 'referral' }, owner: { name: 'First' } });
    expect((await from.all.get<Task>(`/Task/${alert?.id}`)).body).toMatchObject({ status: 'requested', priority: 'stat', focus: { reference: `Task/${referral.taskId}` } });
    await app.advance(11 * MINUTE);
    await eventually('the next person', async () => (await alertsOf(referral.id))[0]?.owner.name === 'Deputy');
    expect((await coordinator.call('POST', `/safety-alerts/${alert?.id}/acknowledgement`, { note: 'I called' })).status).toBe(403);
    expect((await clinician.call('POST', `/safety-alerts/${alert?.id}/acknowledgement`, { note: 'Phoned the referrer; ambulance on its way.' })).status).toBe(200);
    expect((await again(referral.id)).flags[0]).toMatchObject({ acknowledged: { by: 'Demo clinician', actionTaken: 'Phoned the referrer; ambulance on its way.' } });
    expect(await alertsOf(referral.id)).toEqual([]);
  });

  it('acknowledging on the referral settles the alert; new evidence afterwards asks anew', async () => {
    const { referral, ids } = await come({ rests: [condition(CAUDA_EQUINA)] });
    await clinician.act(referral.id, 'POST', 'flags/cauda-equina/acknowledgement', { actionTaken: 'Sent to the emergency department.' });
    expect(await alertsOf(referral.id)).toEqual([]);
    await from.fhir.create(condition(CAUDA_EQUINA, ids['Patient']));
    const after = await again(referral.id);
    expect(after).toMatchObject({ redFlags: { hardStops: 1 }, urgency: 'stat' });
    expect(after.flags[0]).toMatchObject({ acknowledged: null, evidence: expect.arrayContaining([`Condition/${ids['Condition']}`]) });
    expect(after.flags[0]?.evidence).toHaveLength(2);
    expect(await alertsOf(referral.id)).toHaveLength(1);
  });

  it('nobody gets around a hard stop: not by a decision made before, by correction, waiting list, visit, hold or end, nor by retraction', async () => {
    const { referral, ids } = await come({});
    await coordinator.act(referral.id, 'POST', 'triage');
    await coordinator.act(referral.id, 'POST', 'acceptance', accept);
    await from.fhir.create(condition(CORD_COMPRESSION, ids['Patient']));
    const back = await again(referral.id);
    expect(back).toMatchObject({ state: 'in-triage', urgency: 'stat', decision: null, redFlags: { hardStops: 1 } });
    expect(back.history.at(-1)).toMatchObject({ event: 'undo', comment: expect.stringContaining('red flag') });
    await app.advance(5 * MINUTE);
    expect((await again(referral.id)).state).toBe('in-triage');
    expect(await lettersAbout(from.fhir, referral.serviceRequestId)).not.toHaveProperty('referral-accepted');
    expect(back.availableActions.map(({ action }) => action)).toEqual(['request-information', 'write-to-referrer', 'attach', 'open-authorisation', 'claim', 'assign', 'hand-over', 'route']);
    expect((await coordinator.call('POST', `/referrals/${referral.id}/retraction`, { comment: 'Wrong' })).body).toMatchObject({ code: 'referral.red-flag-unacknowledged' });
    expect((await coordinator.call('POST', `/referrals/${referral.id}/cancellation`, { comment: 'They called' })).body).toMatchObject({ code: 'referral.red-flag-unacknowledged' });
    await clinician.act(referral.id, 'POST', 'flags/progressive-neuro/acknowledgement', { actionTaken: 'Seen in the emergency department.' });
    await coordinator.act(referral.id, 'POST', 'acceptance', { ...accept, urgency: 'stat' });
    await from.fhir.create(condition(CAUDA_EQUINA, ids['Patient']));
    const { etag } = await coordinator.read(referral.id);
    for (const [path, body] of [
      ['correction', accept], ['waitlisting', { comment: 'x' }], ['appointment', { start: '2031-01-15T09:00:00Z', minutes: 30 }],
      ['closure', { summary: 'Done' }], ['unseen-closure', { reason: 'unreachable', comment: 'x' }],
    ] as const) {
      expect([path, (await coordinator.call('POST', `/referrals/${referral.id}/${path}`, body, etag ?? '')).body]).toEqual([path, expect.objectContaining({ code: 'referral.red-flag-unacknowledged' })]);
    }
    const task = (await from.fhir.get<Task>(`/Task/${referral.taskId}`)).body;
    expect((await from.fhir.put(`/Task/${referral.taskId}`, { ...task, status: 'rejected' }, { 'if-match': `W/"${task.meta?.versionId}"` })).status).toBe(409);
  });

  it('the referrer may take back a referral with a hard stop; the alert stays with the rota until somebody has seen it', async () => {
    const { referral } = await come({ rests: [condition(CAUDA_EQUINA)] });
    const task = (await from.fhir.get<Task>(`/Task/${referral.taskId}`)).body;
    expect((await from.fhir.put(`/Task/${referral.taskId}`, { ...task, status: 'cancelled' }, { 'if-match': `W/"${task.meta?.versionId}"` })).status).toBe(200);
    expect((await again(referral.id)).state).toBe('withdrawn');
    expect(await alertsOf(referral.id)).toHaveLength(1);
    await clinician.act(referral.id, 'POST', 'flags/cauda-equina/acknowledgement', { actionTaken: 'Phoned the referrer.' });
    expect(await alertsOf(referral.id)).toEqual([]);
  });

  it('words in free text are a hint, marked so: they find nothing, stop nothing, and ask for a look the same day', async () => {
    const { referral } = await come({ request: { reasonCode: [{ text: 'Back pain. Urinary retention since Sunday.' }] } });
    expect(referral).toMatchObject({ urgency: 'routine', redFlags: { hardStops: 0, concerns: 1 }, nextAction: 'review-red-flag' });
    expect(referral.flags[0]).toMatchObject({ flag: 'bladder-bowel', state: 'not-known', hint: true, grounds: [{ reference: `ServiceRequest/${referral.serviceRequestId}`, says: 'the words "urinary retention"' }] });
    await coordinator.act(referral.id, 'POST', 'triage');
    await coordinator.act(referral.id, 'POST', 'acceptance', accept);
  });

  it('in a record that a label guards is found all the same; what tells it, and the words of a guarded request, are for those who may read them', async () => {
    const meta = { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'V' }] };
    const word = `w${crypto.randomUUID().slice(0, 8)}`;
    const { referral, ids } = await come({ rests: [{ ...condition(CAUDA_EQUINA), meta }], request: { meta, reasonCode: [{ text: `Pain and ${word}` }] } });
    expect(referral).toMatchObject({ urgency: 'stat', redFlags: { hardStops: 1 } });
    expect(referral.flags[0]).toMatchObject({ flag: 'cauda-equina', state: 'found', evidence: [], grounds: [], evidenceWithheld: 1 });
    expect((await clinician.call<Flagged>('GET', `/referrals/${referral.id}`)).body.flags[0]).toMatchObject({ evidence: [`Condition/${ids['Condition']}`], grounds: [{ says: 'Cauda equina syndrome' }], evidenceWithheld: 0 });
    const other = await come({ request: { reasonCode: [{ text: `Pain and ${word}` }] } });
    const { body } = await coordinator.call<{ items: { id: string }[] }>('GET', `/referrals?view=open&text=${word}`);
    expect(body.items.map(({ id }) => id)).toEqual([other.referral.id]);
  });

  it('a weak feature is due the same day on the clinic’s clock; nobody looked: the rota hears of it, and one look settles all', async () => {
    const { referral } = await come({ birthDate: '1950-01-01' });
    const zone = (await app.transactions.run(app.scope(), (tx) => tx.query<{ zone: string }>('select zone from clinic where id = $1', [app.clinicId])))[0]?.zone ?? '';
    const day = (text: string): string => new Intl.DateTimeFormat('en-CA', { timeZone: zone, dateStyle: 'short' }).format(new Date(text));
    const offset = await app.transactions.run(app.scope(), async (tx) => tx.clock.now());
    expect(day(referral.nextActionAt)).toBe(day(offset.toISOString()));
    expect(await alertsOf(referral.id)).toEqual([]);
    await app.advance(24 * 60 * MINUTE);
    await eventually('the alert', async () => (await alertsOf(referral.id)).length === 1);
    const [alert] = await alertsOf(referral.id);
    expect(alert?.rule).toBe('same-day-review');
    await clinician.call('POST', `/safety-alerts/${alert?.id}/acknowledgement`, { note: 'No other sign.' });
    expect(await again(referral.id)).toMatchObject({ redFlags: { concerns: 0 }, nextAction: 'open-triage' });
  });

  it('outside cover the referrer is told at once that nobody reads, and whom to call; so is who types it in', async () => {
    await setRota({ ...rota, hours: [{ days: ['mon'], from: '00:00', to: '00:01' }], outsideCover: 'the on-call physician at Harbour Hospital' });
    const { referral, ids } = await come({ rests: [condition(CAUDA_EQUINA)] });
    const letters = await lettersAbout(from.fhir, ids['ServiceRequest'] ?? '');
    expect(letters['nobody-reading']).toMatch(/nobody at our clinic is reading.*Call the on-call physician at Harbour Hospital, or the emergency number 911, or the clinic at/);
    const { body } = await from.fhir.get<Bundle<Communication>>(`/Communication?based-on=ServiceRequest/${ids['ServiceRequest']}`);
    expect(body.entry?.[0]?.resource).toMatchObject({ priority: 'urgent', recipient: [{ display: 'Referring practice' }] });
    expect(referral.safetyCover).toMatchObject({ covered: false, call: expect.arrayContaining(['the on-call physician at Harbour Hospital']) });
    const typed = await coordinator.call<Flagged>('POST', '/referrals', {
      patient: { familyName: 'Phone', givenNames: ['Jo'], birthDate: '1985-01-01' }, referrer: { name: 'Practice' }, receivedBy: 'phone', reason: 'Pain', redFlags: [{ flag: 'cauda-equina', present: true }],
    });
    expect(typed).toMatchObject({ status: 201, body: { safetyCover: { covered: false } } });
    await setRota(rota);
  });

  it('is reported: alerts for each hundred referrals, by flag', async () => {
    const { body, status } = await coordinator.call<{ referrals: number; alertsPer100: number; flags: { flag: string; found: number; foundPer100: number }[]; minutesToAcknowledgement: { median: number } }>('GET', '/reports/red-flags');
    expect(status).toBe(200);
    const found = body.flags.find(({ flag }) => flag === 'cauda-equina');
    expect(found?.found).toBeGreaterThan(3);
    expect(found?.foundPer100).toBeCloseTo(((found?.found ?? 0) / body.referrals) * 100, 1);
    expect(body.alertsPer100).toBeGreaterThan(0);
    expect(body.minutesToAcknowledgement.median).not.toBeNull();
    expect((await coordinator.call('GET', '/reports/red-flags?from=2027-01-01T00:00:00Z&to=2026-01-01T00:00:00Z')).body).toMatchObject({ code: 'fields', errors: [{ field: 'from' }] });
    expect((await coordinator.call('GET', '/reports/red-flags?from=monday')).status).toBe(400);
  });
});
