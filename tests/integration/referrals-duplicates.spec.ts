import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Binary, DocumentReference, ServiceRequest, Task } from '@medplum/fhirtypes';
import { Clinics } from '@cairn/platform';
import { startTestApp, type TestApp } from '../support/app.js';
import { asOwner, setClinic } from '../support/clinic-settings.js';
import { eventually } from '../support/eventually.js';
import { Staff, hospital, lettersAbout, referralBundle, send, type Hospital, type ReferralAnswer } from '../support/referral-factory.js';

const DAY = 86_400_000;
const STAT = { urgency: 'stat', pathway: 'assessment', comment: 'Fits.' };

interface Linked extends ReferralAnswer {
  readonly duplicates: { id: string; because: string[]; state: string; ended: string | null; decidedBy: string | null }[];
}

describe('referrals that may be one, that lack something, and what comes with them', () => {
  let app: TestApp;
  let plain: Hospital;
  let bser: Hospital;
  let coordinator: Staff;

  beforeAll(async () => {
    app = await startTestApp({ worker: true });
    plain = await hospital(app, 'plain');
    bser = await hospital(app, 'bser-stu2');
    coordinator = new Staff(app, await app.as('coordinator'));
  });
  afterAll(() => app.stop());

  const read = async (id: string): Promise<Linked> => (await coordinator.call<Linked>('GET', `/referrals/${id}`)).body;
  const come = async (from: Hospital, parts: Parameters<typeof referralBundle>[0] = {}): Promise<Linked> => read((await coordinator.find((await send(from.fhir, referralBundle(parts)))['Patient'] ?? '')).id);
  const taskOf = async (taskId: string): Promise<Task> => (await plain.all.get<Task>(`/Task/${taskId}`)).body;
  const birthDate = (): string => new Date(Date.UTC(1978 + Math.floor(Math.random() * 12), 0, 1 + Math.floor(Math.random() * 360))).toISOString().slice(0, 10);

  describe('duplicates', () => {
    it('the same request by two routes is linked on both sides, and nothing is merged', async () => {
      const number = crypto.randomUUID();
      const first = await come(plain, { number, birthDate: birthDate() });
      const second = await come(bser, { number, birthDate: birthDate() });
      expect(second.duplicates).toMatchObject([{ id: first.id, because: ['same-request'], state: 'suspected' }]);
      expect((await read(first.id)).duplicates).toMatchObject([{ id: second.id, because: ['same-request'], state: 'suspected' }]);
      expect([first.state, second.state]).toEqual(['received', 'received']);
      expect(second.availableActions.map(({ action }) => action)).toEqual(expect.arrayContaining(['close-duplicate', 'dismiss-duplicate']));
    });

    it('the same person under another record is linked by name and date of birth; another person is not', async () => {
      const born = birthDate();
      const first = await come(plain, { birthDate: born, givenName: 'Pat' });
      const typed = await coordinator.call<Linked>('POST', '/referrals', { patient: { familyName: 'EXAMPLE', givenNames: ['Pat'], birthDate: born }, referrer: { name: 'Practice' }, receivedBy: 'phone', reason: 'Pain' });
      expect(typed.body.duplicates).toMatchObject([{ id: first.id, because: ['same-person'] }]);
      const other = await coordinator.call<Linked>('POST', '/referrals', { patient: { familyName: 'Other', givenNames: ['Pat'], birthDate: born }, referrer: { name: 'Practice' }, receivedBy: 'phone', reason: 'Pain' });
      expect(other.body.duplicates).toEqual([]);
      const again = await coordinator.call<Linked>('POST', '/referrals', { patient: { id: first.id && (await taskOf(first.taskId)).for?.reference?.split('/')[1] }, referrer: { name: 'Practice' }, receivedBy: 'fax', reason: 'Pain' });
      expect(again.body.duplicates.map(({ id, because }) => [id, because])).toContainEqual([first.id, ['same-patient', 'same-person']]);
    });

    it('a person confirms: one ends with a coded reason in its dialect, its referrer is told, the other goes on', async () => {
      const number = crypto.randomUUID();
      const first = await come(plain, { number, birthDate: birthDate() });
      const second = await come(bser, { number, birthDate: birthDate() });
      const path = `/referrals/${second.id}/duplicates/${first.id}`;
      expect((await coordinator.call('POST', `${path}/confirmation`, { comment: 'Same.' })).status).toBe(428);
      expect((await coordinator.call('POST', `/referrals/${second.id}/duplicates/${crypto.randomUUID()}/confirmation`, { comment: 'Same.' }, `W/"${second.version}"`)).status).toBe(404);
      const { etag } = await coordinator.read(second.id);
      const done = await coordinator.call<Linked>('POST', `${path}/confirmation`, { comment: 'Sent twice.' }, etag ?? '');
      expect(done).toMatchObject({ status: 200, body: { state: 'declined', nextAction: null, duplicates: [{ state: 'duplicate', ended: 'this', decidedBy: 'Demo coordinator' }] } });
      expect(await taskOf(second.taskId)).toMatchObject({ status: 'rejected', statusReason: { coding: [{ code: 'duplicate' }] }, businessStatus: { coding: [{ code: '4.0' }, { code: 'declined' }] } });
      expect((await lettersAbout(bser.fhir, second.serviceRequestId))['referral-duplicate']).toContain(first.id);
      expect(await read(first.id)).toMatchObject({ state: 'received', duplicates: [{ state: 'duplicate', ended: 'other' }] });
      expect((await coordinator.call('POST', `${path}/dismissal`, { comment: 'No.' })).body).toMatchObject({ code: 'referral.duplicate-decided' });
    });

    it('a person dismisses: both go on; one that was accepted ends as not seen; one in care cannot end as a duplicate', async () => {
      const number = crypto.randomUUID();
      const first = await come(plain, { number, birthDate: birthDate() });
      const second = await come(bser, { number, birthDate: birthDate() });
      await coordinator.act(second.id, 'POST', `duplicates/${first.id}/dismissal`, { comment: 'Two knees.' });
      expect((await read(first.id)).availableActions.map(({ action }) => action)).not.toContain('close-duplicate');

      const other = crypto.randomUUID();
      const [a, b] = [await come(plain, { number: other, birthDate: birthDate() }), await come(bser, { number: other, birthDate: birthDate() })];
      for (const { id } of [a, b]) {
        await coordinator.act(id, 'POST', 'triage');
        await coordinator.act(id, 'POST', 'acceptance', STAT);
      }
      await coordinator.act(a.id, 'POST', 'care', { comment: 'Seen.' });
      const { etag } = await coordinator.read(a.id);
      expect((await coordinator.call('POST', `/referrals/${a.id}/duplicates/${b.id}/confirmation`, { comment: 'Same.' }, etag ?? '')).body).toMatchObject({ code: 'referral.no-transition' });
      expect(await coordinator.act(b.id, 'POST', `duplicates/${a.id}/confirmation`, { comment: 'Same.' })).toMatchObject({ state: 'closed-not-seen' });
      expect((await taskOf(b.taskId)).status).toBe('failed');
    });
  });

  describe('an incomplete referral', () => {
    it('is asked for what is missing in one act, reminded, and then put before a clinician', async () => {
      const { id, serviceRequestId } = await come(plain, { birthDate: birthDate() });
      await coordinator.act(id, 'POST', 'triage');
      await coordinator.act(id, 'POST', 'information-request', {});
      expect((await lettersAbout(plain.fhir, serviceRequestId))['information-requested']).toContain('Not found in what you sent: ');
      await app.advance(14 * DAY + 60_000);
      await eventually('the reminder', async () => (await lettersAbout(plain.fhir, serviceRequestId))['information-reminder']);
      expect(await read(id)).toMatchObject({ state: 'information-requested', nextAction: 'chase-information' });
      await app.advance(14 * DAY);
      await eventually('a clinician’s turn', async () => (await read(id)).nextAction === 'decide-without-information');
      expect((await read(id)).state).toBe('information-requested');
    });

    it('is returned by rule where the clinic has set so, with its reason on the Task', async () => {
      const referrals = { incomplete: { remindAfterDays: 7, afterDays: 10, then: 'return' } };
      await setClinic(app, { referrals });
      await eventually('the rule', async () => JSON.stringify((await app.get(Clinics).get(app.clinicId)).settings['referrals'] ?? {}).includes('return'));
      await eventually('the worker knows', async () => app.worker && JSON.stringify((await app.worker.get(Clinics).get(app.clinicId)).settings['referrals'] ?? {}).includes('return'));
      const { id, taskId, serviceRequestId } = await come(plain, { birthDate: birthDate() });
      await coordinator.act(id, 'POST', 'triage');
      await coordinator.act(id, 'POST', 'information-request', { question: 'And the MRI?' });
      await app.advance(7 * DAY + 60_000);
      await eventually('the reminder', async () => (await lettersAbout(plain.fhir, serviceRequestId))['information-reminder']);
      await app.advance(3 * DAY);
      await eventually('the return', async () => (await read(id)).state === 'declined');
      expect(await taskOf(taskId)).toMatchObject({ status: 'rejected', statusReason: { coding: [{ code: 'insufficient-information' }] } });
      expect((await read(id)).history.at(-1)).toMatchObject({ event: 'return-incomplete' });
    });
  });

  describe('attachments', () => {
    const pdf = Buffer.from('%PDF-1.4 a fax');
    const attach = async (id: string, body: Buffer, type: string, title = 'Fax of today'): Promise<{ status: number; body: { documentReferenceId: string; binaryId: string; sha256: string; code?: string } }> => {
      const response = await fetch(`${app.url}/api/v1/referrals/${id}/attachments?title=${encodeURIComponent(title)}`, { method: 'POST', headers: { authorization: await app.as('coordinator'), 'content-type': type }, body: new Uint8Array(body) });
      return { status: response.status, body: (await response.json()) as never };
    };

    it('are kept as Binary and DocumentReference, and a request that Cairn placed names them', async () => {
      const { body: typed } = await coordinator.call<Linked>('POST', '/referrals', { patient: { familyName: 'Fax', givenNames: ['Jo'], birthDate: birthDate() }, referrer: { name: 'Practice' }, receivedBy: 'fax', reason: 'Pain' });
      const { status, body } = await attach(typed.id, pdf, 'application/pdf');
      expect([status, body.sha256]).toEqual([201, createHash('sha256').update(pdf).digest('hex')]);
      const binary = (await plain.all.get<Binary>(`/Binary/${body.binaryId}`)).body;
      expect(Buffer.from(binary.data ?? '', 'base64')).toEqual(pdf);
      const document = (await plain.all.get<DocumentReference>(`/DocumentReference/${body.documentReferenceId}`)).body;
      expect(document).toMatchObject({ description: 'Fax of today', content: [{ attachment: { url: `Binary/${body.binaryId}`, contentType: 'application/pdf', size: pdf.length } }] });
      const request = (await plain.all.get<ServiceRequest>(`/ServiceRequest/${typed.serviceRequestId}`)).body;
      expect(request.supportingInfo).toContainEqual({ reference: `DocumentReference/${body.documentReferenceId}` });
      expect((await plain.fhir.get(`/Binary/${body.binaryId}`)).status).toBe(404);
    });

    it('are fifty at most: the last is offered, none after it', async () => {
      const { id } = await come(plain, { birthDate: birthDate() });
      const offered = async (): Promise<boolean> => (await read(id)).availableActions.some(({ action }) => action === 'attach');
      await asOwner(app, 'update referral set attachments = 49 where id = $1', [id]);
      expect(await offered()).toBe(true);
      expect((await Promise.all([attach(id, pdf, 'application/pdf'), attach(id, pdf, 'application/pdf')])).map(({ status }) => status).sort()).toEqual([201, 409]);
      expect([await offered(), (await attach(id, pdf, 'application/pdf')).body.code]).toEqual([false, 'referral.attachments-full']);
    });

    it('are refused when they are too large, of another type, or not what they say', async () => {
      const { id, serviceRequestId } = await come(plain, { birthDate: birthDate() });
      expect((await attach(id, Buffer.alloc(6 * 1024 * 1024, 1), 'application/pdf')).status).toBe(413);
      expect((await attach(id, Buffer.from('<html>'), 'text/html')).status).toBe(415);
      expect(await attach(id, Buffer.from('MZ executable'), 'application/pdf')).toMatchObject({ status: 400, body: { code: 'attachment-content' } });
      expect((await attach(id, Buffer.alloc(0), 'image/png')).status).toBe(400);
      expect((await attach(id, pdf, 'application/pdf', ' ')).status).toBe(400);
      expect((await attach(crypto.randomUUID(), pdf, 'application/pdf')).status).toBe(404);
      expect((await attach(id, pdf, 'application/pdf')).status).toBe(201);
      expect((await plain.fhir.get<ServiceRequest>(`/ServiceRequest/${serviceRequestId}`)).body.supportingInfo).toBeUndefined();
    });
  });
});
