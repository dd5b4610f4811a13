import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OpenLoops } from '@cairn/platform';
import type { Condition, Task } from '@medplum/fhirtypes';
import { startTestApp, type TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { Staff, hospital, lettersAbout, referralBundle, send, type Hospital, type ReferralAnswer } from '../support/referral-factory.js';

const DAY = 86_400_000;
const STAT = { urgency: 'stat', pathway: 'assessment', comment: 'Fits.' };
const ICD = 'http://hl7.org/fhir/sid/icd-10-cm';
const condition = (code: string): Condition => ({ resourceType: 'Condition', subject: { reference: 'Patient/none' }, code: { coding: [{ system: ICD, code }] }, recordedDate: '2026-01-01' });

interface Triaged extends ReferralAnswer {
  readonly suggestion: { ruleSet: string; rule: string; label: string; because: string; urgency: string; pathway: string } | null;
  readonly waiting: { position: number; of: number; perWeek: number; estimatedAt: string | null; answer: string | null; askedAt: string | null; askNextAt: string | null } | null;
  readonly conversation: { from: string; topic: string; text: string }[];
}
interface Trial {
  readonly tried: number;
  readonly suggested: number;
  readonly agreed: { both: number };
  readonly byRule: { rule: string; suggested: number; agreed: number }[];
  readonly disagreements: { referralId: string; rule: string | null; suggested: { urgency: string } | null; decided: { outcome: string; urgency: string } }[];
}

describe('triage', () => {
  let app: TestApp;
  let plain: Hospital;
  let coordinator: Staff;
  let clinician: Staff;

  beforeAll(async () => {
    app = await startTestApp({ worker: true });
    plain = await hospital(app, 'plain');
    coordinator = new Staff(app, await app.as('coordinator'));
    clinician = new Staff(app, await app.as('clinician'));
  });
  afterAll(() => app.stop());

  const read = async (id: string): Promise<Triaged> => (await coordinator.call<Triaged>('GET', `/referrals/${id}`)).body;
  const come = async (parts: Parameters<typeof referralBundle>[0] = {}): Promise<Triaged> => read((await coordinator.find((await send(plain.fhir, referralBundle(parts)))['Patient'] ?? '')).id);
  const acceptedAs = async (pathway: string, parts: Parameters<typeof referralBundle>[0] = {}): Promise<Triaged> => {
    const { id } = await come(parts);
    await coordinator.act(id, 'POST', 'triage');
    await coordinator.act(id, 'POST', 'acceptance', { ...STAT, pathway });
    return read(id);
  };
  const say = (referral: ReferralAnswer, text: string, topic?: string) =>
    plain.fhir.create({
      resourceType: 'Communication', status: 'completed', basedOn: [{ reference: `ServiceRequest/${referral.serviceRequestId}` }], sender: { display: 'Dr Referrer' }, payload: [{ contentString: text }],
      ...(topic ? { topic: { coding: [{ system: 'urn:cairn:code', code: topic }] } } : {}),
    });

  describe('suggestions', () => {
    it('come from Cairn’s rules where the clinic has none, and say which rule; none while a hard stop is open', async () => {
      expect((await come({ rests: [condition('C50.9')] })).suggestion).toMatchObject({ ruleSet: expect.stringContaining('cairn'), rule: 'cancer-pain', urgency: 'urgent', pathway: 'assessment' });
      expect((await come()).suggestion).toMatchObject({ rule: 'otherwise', urgency: 'routine' });
      expect((await come({ rests: [condition('G83.4')] })).suggestion).toBeNull();
    });

    it('come from the clinic’s rules once they were tried on the past and put in force; a person decides', async () => {
      const past = await acceptedAs('conference', { rests: [condition('G89.4')] });
      const rules = [{ id: 'syndrome', label: 'Chronic pain syndrome', all: [{ fact: 'condition', systems: [ICD], prefixes: ['G89.4'] }], suggest: { urgency: 'stat', pathway: 'conference' }, because: 'Agreed by the team' }];
      expect((await coordinator.call('POST', '/triage-rules', { note: 'x', rules })).status).toBe(403);
      const made = await clinician.call<{ version: number; state: string }>('POST', '/triage-rules', { note: 'Syndrome to the conference', rules });
      expect(made).toMatchObject({ status: 201, body: { version: 1, state: 'draft' } });
      expect((await clinician.call('POST', '/triage-rules/1/activation')).body).toMatchObject({ code: 'triage-rules.not-tried' });
      const { body: trial } = await clinician.call<Trial>('POST', '/triage-rules/1/trial', {});
      expect(trial.byRule).toEqual([{ rule: 'syndrome', suggested: 1, agreed: 1 }]);
      expect(trial.tried).toBeGreaterThanOrEqual(1);
      expect((await read(past.id)).suggestion).toMatchObject({ rule: 'otherwise' });
      expect(await clinician.call('POST', '/triage-rules/1/activation')).toMatchObject({ status: 200, body: { state: 'live', liveBy: 'Demo clinician' } });
      const next = await come({ rests: [condition('G89.4')] });
      expect(next.suggestion).toMatchObject({ ruleSet: '1', rule: 'syndrome', pathway: 'conference', because: 'Agreed by the team' });
      expect((await come()).suggestion).toBeNull();
      await coordinator.act(next.id, 'POST', 'triage');
      const decided = await coordinator.act(next.id, 'POST', 'acceptance', { ...STAT, urgency: 'routine' });
      expect(decided).toMatchObject({ urgency: 'routine', pathway: 'assessment', decision: { suggested: { rule: 'syndrome' } } });

      await clinician.call('POST', '/triage-rules', { note: 'Second', rules: [{ ...rules[0], suggest: { urgency: 'routine', pathway: 'programme' } }] });
      const { body: second } = await clinician.call<Trial>('POST', '/triage-rules/2/trial', { referrals: 50 });
      expect(second.disagreements).toContainEqual(expect.objectContaining({ referralId: past.id, rule: 'syndrome', decided: expect.objectContaining({ outcome: 'accepted', urgency: 'stat' }) }));
      await clinician.call('POST', '/triage-rules/2/activation');
      const { body: all } = await coordinator.call<{ items: { version: number; state: string }[] }>('GET', '/triage-rules');
      expect(all.items.map(({ version, state }) => [version, state])).toEqual([[2, 'live'], [1, 'retired']]);
    });

    it('are made of rules that are checked: two of one id, an unknown fact, an unknown flag', async () => {
      const rule = { id: 'a', label: 'A', all: [], suggest: { urgency: 'routine', pathway: 'assessment' }, because: 'x' };
      const fieldsOf = async (rules: object[]): Promise<string[]> => ((await clinician.call<{ errors?: { field: string }[] }>('POST', '/triage-rules', { note: 'x', rules })).body.errors ?? []).map(({ field }) => field);
      expect(await fieldsOf([rule, rule])).toEqual(['rules.1.id']);
      expect(await fieldsOf([{ ...rule, all: [{ fact: 'moon', is: 'full' }] }])).toEqual([expect.stringMatching(/^rules\.0\.all\.0/)]);
      expect(await fieldsOf([{ ...rule, all: [{ fact: 'flag', is: ['nothing'] }] }])).toEqual(['rules.0.all.0.is.0']);
      expect((await clinician.call('GET', '/triage-rules/99')).status).toBe(404);
    });
  });

  describe('the waiting list', () => {
    it('tells the place by urgency and time, and when the turn may come, from the recent flow', async () => {
      const wait = async (): Promise<Triaged> => {
        const { id } = await acceptedAs('programme');
        await coordinator.act(id, 'POST', 'waitlisting', { comment: 'Full.' });
        return read(id);
      };
      const first = await wait();
      expect(first.waiting).toMatchObject({ position: 1, of: 1, perWeek: 0, estimatedAt: null });
      const second = await wait();
      await coordinator.act(first.id, 'POST', 'care', { comment: 'A place.' });
      const { waiting } = await read(second.id);
      expect(waiting).toMatchObject({ position: 1, of: 1, perWeek: 0.1 });
      expect(Date.parse(waiting?.estimatedAt ?? '')).toBeGreaterThan(Date.now());
      expect((await read(first.id)).waiting).toBeNull();
    });

    it('asks at intervals; worse leads to triage again, no longer wanted to a person, still wanted to the next interval', async () => {
      const { id, taskId } = await acceptedAs('assessment');
      await coordinator.act(id, 'POST', 'waitlisting', { comment: 'Full.' });
      await app.advance(28 * DAY + 60_000);
      await eventually('the question', async () => (await read(id)).waiting?.askedAt);
      const asked = await app.transactions.run(app.scope(), (tx) => tx.query(`select 1 from outbox where event = 'referral.waiting-asked' and ids->>'referralId' = $1`, [id]));
      expect(asked).toHaveLength(1);
      const silent = await read(id);
      const aWeekOn = new Date(Date.parse(silent.waiting?.askedAt ?? '') + 7 * DAY).toISOString();
      expect(silent).toMatchObject({ nextAction: 'hear-from-patient', nextActionAt: aWeekOn, waiting: { answer: null } });
      await app.advance(28 * DAY);
      await eventually('the question anew', async () => (await read(id)).waiting?.askNextAt !== silent.waiting?.askNextAt);
      expect(await read(id)).toMatchObject({ stale: true, nextAction: 'hear-from-patient', waiting: { askedAt: silent.waiting?.askedAt } });
      const loops = await app.transactions.read(app.scope(), (tx) => app.get(OpenLoops).check(tx, 10));
      expect(loops.find(({ kind }) => kind === 'referral')?.loose).toEqual([]);
      expect(await coordinator.act(id, 'POST', 'waiting-answer', { answer: 'still' })).toMatchObject({ state: 'waitlisted', waiting: { answer: 'still' } });
      expect(await coordinator.act(id, 'POST', 'waiting-answer', { answer: 'not-wanted', comment: 'Moved away.' })).toMatchObject({ state: 'waitlisted', nextAction: 'confirm-not-wanted' });
      const worse = await coordinator.act(id, 'POST', 'waiting-answer', { answer: 'worse', comment: 'Cannot climb stairs.' });
      expect(worse).toMatchObject({ state: 'in-triage', nextAction: 'decide' });
      expect(worse.history.at(-1)?.comment).toContain('Cannot climb stairs.');
      expect((await plain.fhir.get<Task>(`/Task/${taskId}`)).body.status).toBe('accepted');
      expect((await coordinator.call('POST', `/referrals/${id}/waiting-answer`, { answer: 'still' })).body).toMatchObject({ code: 'referral.no-transition' });
    });

    it('hears from the patient by a signed link, in their language: worse leads to triage again without a person in between', async () => {
      const { id } = await acceptedAs('assessment');
      expect((await coordinator.call('POST', `/referrals/${id}/waiting-link`)).body).toMatchObject({ code: 'referral.not-waiting' });
      await coordinator.act(id, 'POST', 'waitlisting', { comment: 'Full.' });
      const made = await coordinator.call<{ url: string }>('POST', `/referrals/${id}/waiting-link`);
      const path = new URL(made.body.url).pathname;
      const open = (language: string): Promise<Response> => fetch(`${app.url}${path}`, { headers: { 'accept-language': language } });
      const submit = (fields: Record<string, string>): Promise<Response> =>
        fetch(`${app.url}${path}`, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams(fields).toString() });
      expect(await (await open('fr')).text()).toContain('Votre place sur la liste d&#39;attente');
      expect([(await submit({})).status, (await submit({ answer: 'maybe' })).status, (await read(id)).state]).toEqual([400, 400, 'waitlisted']);
      const sent = await submit({ answer: 'worse', comment: 'Cannot sleep.' });
      expect([sent.status, await sent.text()]).toEqual([200, expect.stringContaining('looks at your referral again')]);
      expect((await read(id)).history.at(-1)).toMatchObject({ event: 'open-triage', to: 'in-triage', comment: expect.stringContaining('Cannot sleep.') });
      expect([(await open('en')).status, (await submit({ answer: 'still' })).status]).toEqual([410, 410]);
      expect((await fetch(`${app.url}${path.slice(0, -1)}x`)).status).toBe(404);
    });
  });

  describe('advice and guidance', () => {
    it('is a conversation both ways: what the referrer writes waits for an answer, and is shown with it', async () => {
      const referral = await acceptedAs('advice-only');
      await coordinator.act(referral.id, 'POST', 'messages', { text: 'Reduce the dose by a tenth.' });
      expect((await lettersAbout(plain.fhir, referral.serviceRequestId))['advice']).toContain('Reduce the dose by a tenth.');
      await say(referral, 'And if pain returns?');
      expect(await read(referral.id)).toMatchObject({ nextAction: 'answer-referrer', conversation: expect.arrayContaining([expect.objectContaining({ from: 'referrer', text: 'And if pain returns?' })]) });
      const answered = (await coordinator.act(referral.id, 'POST', 'messages', { text: 'Go back one step.' })) as Triaged;
      expect(answered.nextAction).not.toBe('answer-referrer');
      expect(answered.conversation.map(({ from }) => from)).toEqual(expect.arrayContaining(['clinic', 'referrer']));
    });

    it('becomes a referral only when the referrer agreed: by a message, or as a person writes it down', async () => {
      const referral = await acceptedAs('advice-only');
      const conversion = { urgency: 'routine', pathway: 'assessment', comment: 'To be seen.' };
      const convert = async (id: string, body: object) => coordinator.call<ReferralAnswer & { code?: string }>('POST', `/referrals/${id}/conversion`, body, (await coordinator.read(id)).etag ?? '');
      expect((await convert(referral.id, conversion)).body).toMatchObject({ code: 'referral.conversion-not-agreed' });
      await say(referral, 'Please see the patient.', 'convert-to-referral');
      expect(await convert(referral.id, conversion)).toMatchObject({ status: 200, body: { state: 'accepted', pathway: 'assessment', urgency: 'routine' } });
      expect((await lettersAbout(plain.fhir, referral.serviceRequestId))['advice-converted']).toContain('urgency: routine');
      expect((await convert(referral.id, conversion)).body).toMatchObject({ code: 'referral.not-for-advice' });
      const other = await acceptedAs('advice-only');
      const done = await convert(other.id, { ...conversion, agreedBy: { name: 'Practice nurse', how: 'phone' } });
      expect(done.body.history.at(-1)).toMatchObject({ event: 'correct', comment: expect.stringContaining('Practice nurse agreed (phone)') });
    });
  });
});
