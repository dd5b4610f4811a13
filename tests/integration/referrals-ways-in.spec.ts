import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Observation, Patient, ServiceRequest } from '@medplum/fhirtypes';
import { startTestApp, type TestApp } from '../support/app.js';
import { Staff, hospital, type Hospital, type ReferralAnswer } from '../support/referral-factory.js';

const DAY = 86_400_000;
const FLAGS = ['bladder-bowel', 'saddle-anaesthesia', 'leg-weakness', 'fever', 'recent-trauma', 'cancer-history', 'weight-loss', 'mental-health-crisis'];
const answers = (yes: string[] = [], unsure: string[] = []): Record<string, string> => Object.fromEntries(FLAGS.map((flag) => [`flag.${flag}`, yes.includes(flag) ? 'yes' : unsure.includes(flag) ? 'unsure' : 'no']));
const form = (parts: Record<string, string> = {}): Record<string, string> => ({
  givenName: `Ana ${crypto.randomUUID()}`, familyName: 'Example', birthDate: '1985-02-03', phone: '+12125550123', language: 'es', reason: 'Dolor de espalda', onset: 'Desde marzo', ...answers(), ...parts,
});

interface Link {
  readonly id: string;
  readonly url: string;
  readonly used: number;
}
interface Proposal {
  readonly id: string;
  readonly patient: { id: string };
  readonly evidence: string[];
  readonly availableActions: { action: string }[];
}

describe('ways in besides the EHR', () => {
  let app: TestApp;
  let from: Hospital;
  let coordinator: Staff;

  beforeAll(async () => {
    app = await startTestApp();
    from = await hospital(app, 'plain');
    coordinator = new Staff(app, await app.as('coordinator'));
  });
  afterAll(() => app.stop());

  const open = (path: string, language = 'es'): Promise<Response> => fetch(`${app.url}${path}`, { headers: { 'accept-language': language } });
  const submit = (path: string, fields: Record<string, string>, language = 'es'): Promise<Response> =>
    fetch(`${app.url}${path}`, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded', 'accept-language': language }, body: new URLSearchParams(fields).toString() });
  const link = async (body: object): Promise<{ id: string; path: string }> => {
    const made = await coordinator.call<Link>('POST', '/intake-links', body);
    if (made.status !== 201) throw new Error(JSON.stringify(made.body));
    return { id: made.body.id, path: new URL(made.body.url).pathname };
  };
  const newest = async (): Promise<ReferralAnswer> => {
    const [row] = await app.transactions.run(app.scope(), (tx) => tx.query<{ id: string }>('select id from referral where clinic_id = $1 order by id desc limit 1', [app.clinicId]));
    return (await coordinator.read(row?.id ?? '')).body;
  };
  const count = async (): Promise<number> => (await app.transactions.run(app.scope(), (tx) => tx.query<{ n: number }>('select count(*)::int as n from referral', [])))[0]?.n ?? 0;

  describe('a patient’s own link', () => {
    it('shows a form in the patient’s language, takes one referral, and says so when it is used again', async () => {
      const { path } = await link({ kind: 'self' });
      const page = await open(path);
      const text = await page.text();
      expect(text).toContain('<html lang="es">');
      expect(text).toContain('¿Dónde duele?');
      expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(page.headers.get('referrer-policy')).toBe('no-referrer');
      expect(await (await open(path, 'fr')).text()).toContain('Demander un rendez-vous');
      const sent = await submit(path, form());
      expect([sent.status, await sent.text()]).toEqual([200, expect.stringContaining('Gracias')]);
      const referral = await newest();
      expect(referral).toMatchObject({ state: 'received', urgency: 'routine', redFlags: { hardStops: 0, concerns: 0 } });
      expect(referral.missing.map(({ id }) => id)).not.toEqual(expect.arrayContaining(['onset', 'reason', 'wish']));
      expect(referral.flags.find(({ flag }) => flag === 'fever')).toMatchObject({ state: 'denied', toldBy: 'The patient, by link' });
      const request = (await from.all.get<ServiceRequest>(`/ServiceRequest/${referral.serviceRequestId}`)).body;
      const patient = (await from.all.get<Patient>(`/${request.subject.reference}`)).body;
      expect(patient).toMatchObject({ birthDate: '1985-02-03', communication: [{ language: { coding: [{ code: 'es' }] } }] });
      const before = await count();
      expect((await submit(path, form())).status).toBe(409);
      expect([(await open(path)).status, await count()]).toEqual([409, before]);
    });

    it('takes one referral though it is sent eight times at the same moment', async () => {
      const { path } = await link({ kind: 'self' });
      const before = await count();
      const replies = await Promise.all(Array.from({ length: 8 }, () => submit(path, form())));
      expect([replies.filter(({ status }) => status === 200).length, (await count()) - before]).toEqual([1, 1]);
    });

    it('shows help at once where an answer tells of danger; what is not known stays unknown', async () => {
      const { path } = await link({ kind: 'self' });
      const sent = await submit(path, form(answers(['mental-health-crisis'], ['fever'])), 'en');
      const text = await sent.text();
      expect(text.indexOf('Please get help now')).toBeGreaterThan(0);
      expect(text).toContain('911');
      const referral = await newest();
      expect(referral).toMatchObject({ urgency: 'stat', redFlags: { hardStops: 1 } });
      expect(referral.flags.find(({ flag }) => flag === 'fever')?.state).toBe('not-known');
    });

    it('keeps what was written and points at what is missing or wrong, and takes nothing in', async () => {
      const { path } = await link({ kind: 'self' });
      const before = await count();
      for (const [wrong, name] of [[{ reason: '' }, 'reason'], [{ birthDate: '2999-01-01' }, 'birthDate'], [{ birthDate: 'soon' }, 'birthDate'], [{ phone: 'abc' }, 'phone'], [{ email: 'no' }, 'email'], [{ 'flag.fever': 'maybe' }, 'flag.fever'], [{ reason: 'x'.repeat(2001) }, 'reason']] as const) {
        const reply = await submit(path, form({ ...wrong, onset: '<b>hostile & "quoted"</b>' }));
        const text = await reply.text();
        expect([name, reply.status, text.includes(`id="${name}-fault"`)]).toEqual([name, 400, true]);
        expect(text).toContain('&lt;b&gt;hostile &amp; &quot;quoted&quot;&lt;/b&gt;');
      }
      expect(await count()).toBe(before);
    });

    it('opens nothing when it is expired, taken back, changed or made up', async () => {
      const over = await link({ kind: 'self', days: 1 });
      const revoked = await link({ kind: 'self', days: 30 });
      expect((await coordinator.call('DELETE', `/intake-links/${revoked.id}`)).status).toBe(204);
      expect((await open(revoked.path)).status).toBe(404);
      await app.advance(2 * DAY);
      expect([(await open(over.path)).status, (await submit(over.path, form())).status]).toEqual([410, 410]);
      for (const path of ['/refer/x', `/refer/${'A'.repeat(54)}`, `${over.path.slice(0, -1)}x`]) expect([path, (await open(path)).status]).toEqual([path, 404]);
    });
  });

  it('a community worker’s link takes many, with the worker as referrer and the person’s agreement, but not too many an hour', async () => {
    expect((await coordinator.call('POST', '/intake-links', { kind: 'community-worker' })).status).toBe(400);
    expect((await coordinator.call('POST', '/intake-links', { kind: 'self', holder: 'Somebody' })).status).toBe(400);
    const { path, id } = await link({ kind: 'community-worker', holder: 'Harbour outreach', days: 90 });
    expect((await submit(path, form())).status).toBe(400);
    for (let sent = 0; sent < 20; sent++) expect((await submit(path, form({ agreed: 'yes' }))).status).toBe(200);
    expect((await submit(path, form({ agreed: 'yes' }))).status).toBe(429);
    expect(await newest()).toMatchObject({ request: { requester: 'Harbour outreach' } });
    await app.advance(3_700_000);
    expect((await submit(path, form({ agreed: 'yes' }))).status).toBe(200);
    const { body } = await coordinator.call<{ items: Link[] }>('GET', '/intake-links');
    expect(body.items.find((one) => one.id === id)).toMatchObject({ used: 21 });
    expect(JSON.stringify(body)).not.toContain(path.split('/').at(-1));
  });

  describe('pain that continues after a procedure', () => {
    const now = (): string => new Date(Date.now() - DAY).toISOString();
    const discharge = async (): Promise<string> => {
      const patientId = await from.fhir.create({ resourceType: 'Patient', name: [{ family: 'Discharged' }], birthDate: '1980-01-01' });
      const subject = { reference: `Patient/${patientId}` };
      const encounter = await from.fhir.create({ resourceType: 'Encounter', status: 'finished', class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'IMP' }, subject, period: { start: now(), end: now() }, serviceProvider: { display: 'County hospital' } });
      await from.fhir.create({ resourceType: 'Procedure', status: 'completed', subject, encounter: { reference: `Encounter/${encounter}` }, performedDateTime: now() });
      return patientId;
    };
    const pain = (reference: string): Observation => ({ resourceType: 'Observation', status: 'final', code: { coding: [{ system: 'http://loinc.org', code: '72514-3' }] }, subject: { reference }, effectiveDateTime: new Date().toISOString(), valueInteger: 7 });
    const painOf = (patientId: string) => from.fhir.create(pain(`Patient/${patientId}`));
    const proposals = async (patientId: string): Promise<Proposal[]> => (await coordinator.call<{ items: Proposal[] }>('GET', '/referral-proposals?limit=100')).body.items.filter(({ patient }) => patient.id === patientId);

    it('is proposed to the coordinator, once, and becomes a referral only when somebody accepts', async () => {
      const patientId = await discharge();
      expect(await proposals(patientId)).toEqual([]);
      const observation = await painOf(patientId);
      const [proposal] = await proposals(patientId);
      expect(proposal).toMatchObject({ evidence: [`Observation/${observation}`], availableActions: [{ action: 'acceptance' }, { action: 'dismissal' }] });
      await painOf(patientId);
      expect(await proposals(patientId)).toHaveLength(1);
      await expect(coordinator.find(patientId)).rejects.toThrow('no referral');
      const accepted = await coordinator.call<ReferralAnswer & { request: { requester: string } }>('POST', `/referral-proposals/${proposal?.id}/acceptance`, { urgency: 'urgent', comment: 'Spoke with the ward.' });
      expect(accepted).toMatchObject({ status: 201, body: { state: 'received', urgency: 'urgent', request: { requester: 'County hospital' } } });
      const request = (await from.all.get<ServiceRequest>(`/ServiceRequest/${accepted.body.serviceRequestId}`)).body;
      expect(request.supportingInfo).toContainEqual({ reference: `Observation/${observation}` });
      expect(await coordinator.call('POST', `/referral-proposals/${proposal?.id}/dismissal`, { comment: 'No.' })).toMatchObject({ status: 409, body: { code: 'referral-proposal.decided' } });
    });

    it('is looked for however many patients come in one transaction', async () => {
      const known = await discharge();
      const many = Array.from({ length: 250 }, (_, number) => `urn:uuid:00000000-0000-4000-8000-${String(number).padStart(12, '0')}`);
      const entry = [
        ...many.map((fullUrl) => ({ fullUrl, resource: { resourceType: 'Patient' }, request: { method: 'POST', url: 'Patient' } })),
        ...[...many, `Patient/${known}`].map((reference) => ({ resource: pain(reference), request: { method: 'POST', url: 'Observation' } })),
      ];
      const { status, text } = await from.fhir.post('/', { resourceType: 'Bundle', type: 'transaction', entry });
      expect([status, status === 200 ? '' : text]).toEqual([200, '']);
      expect((await proposals(known)).length).toBe(1);
    });

    it('is not proposed again when it was dismissed, nor for a patient on the worklist', async () => {
      const patientId = await discharge();
      await painOf(patientId);
      const [proposal] = await proposals(patientId);
      expect((await coordinator.call('POST', `/referral-proposals/${proposal?.id}/dismissal`, { comment: 'Has a follow-up elsewhere.' })).status).toBe(204);
      await painOf(patientId);
      expect(await proposals(patientId)).toEqual([]);
      const listed = await discharge();
      await coordinator.call('POST', '/referrals', { patient: { id: listed }, referrer: { name: 'Ward' }, receivedBy: 'phone', reason: 'Pain' });
      await painOf(listed);
      expect(await proposals(listed)).toEqual([]);
      expect((await coordinator.call('POST', `/referral-proposals/${crypto.randomUUID()}/acceptance`, { comment: 'x' })).status).toBe(404);
      expect((await new Staff(app, await app.as('auditor')).call('GET', '/referral-proposals')).status).toBe(403);
    });
  });
});
