import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Task } from '@medplum/fhirtypes';
import { setClinic } from '../support/clinic-settings.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { FhirClient } from '../support/fhir-client.js';
import { Staff } from '../support/referral-factory.js';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

interface Asked {
  readonly id: string;
  readonly state: string;
}

interface Alert {
  readonly id: string;
  readonly state: string;
  readonly assessmentId: string;
  readonly owner: { name: string };
  readonly step: number;
  readonly callBackPhone: string | null;
  readonly availableActions: string[];
}

const [NEVER, OFTEN] = ['LA6568-5', 'LA6570-1'];
const phq9 = (ninth: string): Record<string, string> => ({ ...Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`phq${index + 1}`, NEVER])), phq9: ninth });

describe('answering by link', () => {
  let app: TestApp;
  let fhir: FhirClient;
  let clinician: Staff;
  let offset = 0;

  const newPatient = (language: string): Promise<string> =>
    fhir.create({
      resourceType: 'Patient',
      communication: [{ language: { coding: [{ system: 'urn:ietf:bcp:47', code: language }] }, preferred: true }],
    });

  /** Asks a new patient and returns the assessment's id with the link's path. */
  async function link(instrument = 'peg', language = 'en'): Promise<{ id: string; path: string; token: string; patientId: string }> {
    const patientId = await newPatient(language);
    const dueAt = new Date(Date.now() + offset + DAY_MS).toISOString();
    const { body, status } = await clinician.call<Asked>('POST', '/assessments', { patientId, instrument, occasion: 'baseline', reason: 'First visit', dueAt });
    if (status !== 201) throw new Error(JSON.stringify(body));
    const made = await clinician.call<{ url: string }>('POST', `/assessments/${body.id}/link`);
    const path = new URL(made.body.url).pathname;
    return { id: body.id, path, token: path.split('/').at(-1) ?? '', patientId };
  }

  const open = (path: string, language = 'en'): Promise<Response> => fetch(`${app.url}${path}`, { headers: { 'accept-language': language }, redirect: 'manual' });
  const submit = (path: string, fields: Record<string, string>): Promise<Response> =>
    fetch(`${app.url}${path}`, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams(fields).toString(), redirect: 'manual' });
  const api = async (method: string, path: string, body?: object): Promise<{ status: number; body: Record<string, unknown> }> => {
    const response = await fetch(`${app.url}/api/v1/answers/${path}`, {
      method,
      ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    return { status: response.status, body: (text ? JSON.parse(text) : {}) as Record<string, unknown> };
  };
  const alertsOf = async (assessmentId: string): Promise<Alert[]> =>
    (await clinician.call<{ items: Alert[] }>('GET', '/safety-alerts?limit=100')).body.items.filter((alert) => alert.assessmentId === assessmentId);

  beforeAll(async () => {
    app = await startTestApp({ worker: true });
    fhir = new FhirClient(app, await app.asSystem('system/*.cruds'));
    clinician = new Staff(app, await app.as('clinician'));
    await setClinic(app, { outcomes: { safetyRota: { people: [{ name: 'First on the rota' }, { name: 'Second on the rota' }], acknowledgeWithinMinutes: 10 } } });
    await eventually('the rota is known', () => link('phq-9').then(() => true));
  });
  afterAll(() => app.stop());

  it('shows the form in the patient’s language, with the questions in the language they have', async () => {
    const { path } = await link('peg', 'es-MX');
    const response = await open(path, 'fr');
    const page = await response.text();
    expect(response.status).toBe(200);
    expect(page).toContain('<html lang="es">');
    expect(page).toContain('Las preguntas están en inglés');
    expect(page).toContain('What number best describes your pain on average');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  it('takes the answers, leads to a thank-you, and says so when it is opened again', async () => {
    const { path, id } = await link();
    const sent = await submit(path, { peg1: '7', peg2: '6', peg3: '8' });
    expect([sent.status, new URL(sent.headers.get('location') ?? '', `${app.url}${path}`).pathname]).toEqual([303, `${path}/done`]);
    expect(await (await open(`${path}/done`)).text()).toContain('Your answers have arrived');
    expect(await (await open(path)).text()).toContain('Already answered');
    expect((await submit(path, { peg1: '7', peg2: '6', peg3: '8' })).status).toBe(303);
    expect((await submit(path, { peg1: '1', peg2: '6', peg3: '8' })).status).toBe(409);
    expect((await clinician.call('GET', `/assessments/${id}`)).body).toMatchObject({ state: 'completed', score: '7.0' });
  });

  it('keeps what was chosen and points at what is missing', async () => {
    const { path } = await link();
    const response = await submit(path, { peg1: '7' });
    const page = await response.text();
    expect(response.status).toBe(400);
    expect(page).toContain('value="7" checked');
    expect(page).toContain('href="#peg2"');
  });

  it('says clearly that the time is over, and that a link is wrong', async () => {
    const { path, token } = await link();
    offset += 20 * DAY_MS;
    await app.advance(20 * DAY_MS);
    const over = await open(path);
    expect([over.status, (await over.text()).includes('The time to answer is over')]).toEqual([410, true]);
    expect((await submit(path, { peg1: '1', peg2: '1', peg3: '1' })).status).toBe(410);
    expect((await api('GET', token)).body).toMatchObject({ state: 'over' });
    expect((await api('POST', token, { answers: { peg1: 1, peg2: 1, peg3: 1 } })).status).toBe(409);
    for (const wrong of [`/answer/${token.slice(0, -1)}`, `/answer/${token.slice(0, -4)}AAAA`, '/answer/x', '/answer/%00']) {
      const response = await open(wrong, 'fr');
      expect([wrong, response.status]).toEqual([wrong, 404]);
      expect(await response.text()).toContain('Ce lien ne fonctionne pas');
    }
  });

  it('speaks JSON too, naming each field', async () => {
    const { token } = await link();
    const form = await api('GET', token);
    expect(form.body).toMatchObject({ state: 'open', language: 'en', instrument: { id: 'peg', language: 'en' } });
    const faulty = await api('POST', token, { answers: { peg1: 4.5, peg2: 1 } });
    expect(faulty).toMatchObject({ status: 400, body: { errors: [{ field: 'peg1' }, { field: 'peg3' }] } });
    expect(await api('POST', token, { answers: { peg1: 4, peg2: 1, peg3: 1 } })).toEqual({ status: 200, body: { state: 'done', help: null } });
    expect(await api('POST', 'x', { answers: {} })).toMatchObject({ status: 404, body: { code: 'answer.unknown-link' } });
  });

  it('opens nothing else of the patient', async () => {
    const { token } = await link();
    const form = await api('GET', token);
    expect(Object.keys(form.body).sort()).toEqual(['clinic', 'expiresAt', 'instrument', 'language', 'state']);
  });

  it('raises an alert on a dangerous answer, shows help before "done", and takes a number to call back', async () => {
    const { path, id } = await link('phq-9');
    const sent = await submit(path, phq9(OFTEN));
    expect(sent.headers.get('location')).toMatch(/\/help$/);
    const help = await (await open(`${path}/help`)).text();
    expect(help).toContain('988');
    expect(help).not.toContain('Your answers have arrived');
    const [alert] = await alertsOf(id);
    expect(alert).toMatchObject({ state: 'raised', owner: { name: 'First on the rota' }, step: 0, availableActions: ['acknowledge'] });
    expect((await fhir.get<Task>(`/Task/${alert?.id}`)).body).toMatchObject({ status: 'requested', priority: 'stat', owner: { display: 'First on the rota' }, focus: { reference: `Task/${id}` } });
    expect((await submit(`${path}/call-back-number`, { phone: 'soon' })).status).toBe(400);
    expect((await submit(`${path}/call-back-number`, { phone: '(212) 555-0123' })).status).toBe(303);
    expect((await alertsOf(id))[0]?.callBackPhone).toBe('+12125550123');
  });

  it('raises it even when the form is not complete, and once only', async () => {
    const { path, token, id } = await link('phq-9');
    const incomplete = await submit(path, { phq9: OFTEN });
    const page = await incomplete.text();
    expect(incomplete.status).toBe(400);
    expect(page).toContain('988');
    expect(page).toContain(`href="${token}/help"`);
    expect((await api('POST', token, { answers: { phq9: OFTEN } })).body['detail']).toContain('Call 988 Suicide & Crisis Lifeline: 988');
    expect(await api('POST', token, { answers: phq9(OFTEN) })).toMatchObject({ status: 200, body: { help: { crisis: { call: '988', verified: false } } } });
    expect(await alertsOf(id)).toHaveLength(1);
  });

  it('raises none on "not at all"', async () => {
    const { path, id } = await link('phq-9');
    expect((await submit(path, phq9(NEVER))).headers.get('location')).toMatch(/\/done$/);
    expect(await alertsOf(id)).toEqual([]);
    expect((await open(`${path}/help`)).status).toBe(303);
    expect((await submit(`${path}/call-back-number`, { phone: '(212) 555-0123' })).status).toBe(404);
  });

  it('passes an alert on from person to person until somebody acknowledges it', async () => {
    const { token, id } = await link('phq-9');
    await api('POST', token, { answers: phq9(OFTEN) });
    for (const owner of ['Second on the rota', 'First on the rota']) {
      offset += 11 * MINUTE_MS;
      await app.advance(11 * MINUTE_MS);
      await eventually(`it is the turn of ${owner}`, async () => (await alertsOf(id)).some((alert) => alert.state === 'escalated' && alert.owner.name === owner));
    }
    const [alert] = await alertsOf(id);
    const coordinator = new Staff(app, await app.as('coordinator'));
    expect((await coordinator.call('POST', `/safety-alerts/${alert?.id}/acknowledgement`, { note: 'Seen' })).status).toBe(403);
    expect((await clinician.call('POST', `/safety-alerts/${alert?.id}/acknowledgement`, { note: '' })).status).toBe(400);
    expect(await clinician.call('POST', `/safety-alerts/${alert?.id}/acknowledgement`, { note: 'Called; safe.' })).toMatchObject({ status: 200, body: { state: 'acknowledged', availableActions: [] } });
    expect(await clinician.call('POST', `/safety-alerts/${alert?.id}/acknowledgement`, { note: 'Called; safe.' })).toMatchObject({ status: 409 });
    expect((await fhir.get<Task>(`/Task/${alert?.id}`)).body.status).toBe('completed');
    const told = await app.transactions.run(app.scope(), (tx) =>
      tx.query<{ event: string }>(`select event from outbox where event like 'safety-alert.%' and ids ->> 'alertId' = $1 order by id`, [alert?.id]),
    );
    expect(told.map(({ event }) => event)).toEqual(['safety-alert.raised', 'safety-alert.escalated', 'safety-alert.escalated', 'safety-alert.acknowledged']);
  });
});
