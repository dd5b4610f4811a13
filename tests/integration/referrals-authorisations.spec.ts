import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Bundle, Task } from '@medplum/fhirtypes';
import { startTestApp, type TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { Staff, hospital, referralBundle, send, type ApiReply, type Hospital, type ReferralAnswer } from '../support/referral-factory.js';

interface Authorisation {
  readonly id: string;
  readonly state: string;
  readonly visitsUsed: number;
  readonly visitsLeft: number | null;
  readonly remindedAt: string | null;
  readonly nextAction: string;
  readonly nextActionAt: string;
  readonly availableActions: string[];
}

const DAY_MS = 86_400_000;
const dayIn = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);

describe('authorisations by insurers', () => {
  let app: TestApp;
  let plain: Hospital;
  let coordinator: Staff;
  let referral: ReferralAnswer;

  beforeAll(async () => {
    app = await startTestApp({ worker: true });
    plain = await hospital(app, 'plain');
    coordinator = new Staff(app, await app.as('coordinator'));
    const ids = await send(plain.fhir, referralBundle());
    referral = await coordinator.find(ids['Patient'] ?? '');
  });
  afterAll(() => app.stop());

  const open = async (): Promise<Authorisation> => (await coordinator.call<Authorisation>('POST', `/referrals/${referral.id}/authorisations`, { insurer: 'Example fund', service: 'Physiotherapy' })).body;
  const read = async (id: string): Promise<ApiReply<Authorisation>> => coordinator.call<Authorisation>('GET', `/referral-authorisations/${id}`);
  async function act(id: string, path: string, body: object): Promise<Authorisation> {
    const { etag } = await read(id);
    const reply = await coordinator.call<Authorisation>('POST', `/referral-authorisations/${id}/${path}`, body, etag ?? undefined);
    if (reply.status !== 200) throw new Error(`${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
    return reply.body;
  }
  const face = async (id: string): Promise<Task> => (await plain.all.get<Task>(`/Task/${id}`)).body;
  const renewals = async (id: string): Promise<Task[]> => ((await plain.all.get<Bundle<Task>>(`/Task?focus=Task/${id}`)).body.entry ?? []).flatMap(({ resource }) => resource ?? []);

  it('is needed, asked for and granted, and shows so in FHIR', async () => {
    const { id, state, nextAction } = await open();
    expect([state, nextAction, (await face(id)).status]).toEqual(['needed', 'ask-insurer', 'draft']);
    expect(await act(id, 'request', { number: 'PA-1' })).toMatchObject({ state: 'asked', nextAction: 'chase-insurer' });
    const granted = await act(id, 'grant', { from: dayIn(0), until: dayIn(60), visits: 5 });
    expect(granted).toMatchObject({ state: 'granted', visitsLeft: 5, nextAction: 'renew', remindedAt: null, availableActions: ['ask', 'close'] });
    expect(await face(id)).toMatchObject({ status: 'accepted', restriction: { repetitions: 5, period: { end: dayIn(60) } }, output: [{ valueInteger: 5 }] });
    await act(id, 'closure', { comment: 'Test over.' });
  });

  it('counts visits down once each, from finished encounters and from what people tell, reminds when few are left, and ends with the last', async () => {
    const { id } = await open();
    await act(id, 'request', {});
    await act(id, 'grant', { from: dayIn(0), until: dayIn(90), visits: 4 });
    const encounter = await plain.fhir.create({ resourceType: 'Encounter', status: 'finished', class: { code: 'AMB' }, subject: { reference: `Patient/${(referral as ReferralAnswer & { patient: { id: string } }).patient.id}` }, basedOn: [{ reference: `ServiceRequest/${referral.serviceRequestId}` }] });
    expect((await read(id)).body).toMatchObject({ visitsUsed: 1, visitsLeft: 3, remindedAt: null });
    const { body } = await plain.fhir.get(`/Encounter/${encounter}`);
    await plain.fhir.put(`/Encounter/${encounter}`, body);
    expect((await read(id)).body.visitsUsed).toBe(1);
    const told = await coordinator.call<Authorisation>('POST', `/referral-authorisations/${id}/visits`);
    expect(told.body).toMatchObject({ visitsLeft: 2, nextAction: 'renew' });
    expect(told.body.remindedAt).not.toBeNull();
    expect((await renewals(id)).map(({ status, code }) => [status, code?.coding?.[0]?.code])).toEqual([['requested', 'renew-authorisation']]);
    await coordinator.call('POST', `/referral-authorisations/${id}/visits`);
    expect((await coordinator.call<Authorisation>('POST', `/referral-authorisations/${id}/visits`)).body).toMatchObject({ state: 'used-up', visitsLeft: 0, nextAction: 'renew-or-close' });
    expect(await renewals(id)).toHaveLength(1);
    await act(id, 'closure', { comment: 'Test over.' });
  });

  it('counts a visit that was kept, once though the hospital tells of it too, and none that was missed', async () => {
    const ids = await send(plain.fhir, referralBundle());
    const { id: referralId, serviceRequestId, taskId } = await coordinator.find(ids['Patient'] ?? '');
    const { id } = (await coordinator.call<Authorisation>('POST', `/referrals/${referralId}/authorisations`, { insurer: 'Example fund', service: 'Physiotherapy' })).body;
    await act(id, 'request', {});
    await act(id, 'grant', { from: dayIn(0), until: dayIn(90), visits: 3 });
    await coordinator.act(referralId, 'POST', 'triage');
    await coordinator.act(referralId, 'POST', 'acceptance', { urgency: 'stat', pathway: 'assessment', comment: 'Fits.' });
    const visit = { start: '2031-01-15T09:00:00Z', minutes: 30 };
    await coordinator.act(referralId, 'POST', 'appointment', visit);
    expect(await coordinator.act(referralId, 'POST', 'no-show')).toMatchObject({ state: 'to-rebook', nextAction: 'rebook', clocks: { adjusted: expect.any(Number) } });
    expect(await face(taskId)).toMatchObject({ status: 'in-progress', businessStatus: { coding: [{ code: 'to-rebook-after-no-show' }] } });
    const { appointment } = await coordinator.act(referralId, 'POST', 'appointment', visit);
    expect(await coordinator.act(referralId, 'POST', 'attendance')).toMatchObject({ state: 'in-care' });
    // Both Appointments were written before the one that was kept is counted: had the missed one counted, two would be used.
    const counted = await eventually('the kept visit', async () => ((await read(id)).body.visitsUsed > 0 ? (await read(id)).body : undefined));
    expect(counted).toMatchObject({ visitsUsed: 1, visitsLeft: 2, nextAction: 'renew', remindedAt: expect.any(String) });
    expect((await renewals(id)).map(({ status }) => status)).toEqual(['requested']);
    await plain.fhir.create({
      resourceType: 'Encounter', status: 'finished', class: { code: 'AMB' }, subject: { reference: `Patient/${ids['Patient']}` },
      basedOn: [{ reference: `ServiceRequest/${serviceRequestId}` }], appointment: [{ reference: `Appointment/${appointment?.id ?? ''}` }],
    });
    expect((await read(id)).body).toMatchObject({ visitsUsed: 1, visitsLeft: 2 });
    await act(id, 'closure', { comment: 'Test over.' });
  });

  it('reminds days before it runs out, once, and lets it expire when its last day is over', async () => {
    const { id } = await open();
    await act(id, 'request', {});
    await act(id, 'grant', { from: dayIn(0), until: dayIn(20) });
    expect(await renewals(id)).toHaveLength(0);
    await app.advance(7 * DAY_MS);
    await eventually('the reminder', async () => (await read(id)).body.remindedAt);
    expect(await renewals(id)).toHaveLength(1);
    await app.advance(15 * DAY_MS);
    await eventually('the end', async () => (await read(id)).body.state === 'expired');
    expect(await renewals(id)).toHaveLength(1);
    expect((await face(id)).status).toBe('completed');
    expect(await act(id, 'request', { number: 'PA-2' })).toMatchObject({ state: 'asked', remindedAt: null });
    expect(await act(id, 'denial', { reason: 'Home exercise first.' })).toMatchObject({ state: 'denied', nextAction: 'appeal-or-close' });
    expect(await face(id)).toMatchObject({ status: 'rejected', statusReason: { text: 'Home exercise first.' } });
  });

  it('refuses what is wrong, naming the field or the rule', async () => {
    const { id } = await open();
    const call = (path: string, body: object, ifMatch?: string) => coordinator.call<{ code: string; errors?: { field: string }[] }>('POST', path, body, ifMatch);
    expect((await call(`/referral-authorisations/${id}/request`, {})).status).toBe(428);
    expect((await call(`/referral-authorisations/${id}/request`, {}, 'W/"9"')).status).toBe(412);
    expect((await call(`/referral-authorisations/${id}/grant`, { from: dayIn(1), until: dayIn(2) }, 'W/"1"')).body.code).toBe('authorisation.no-transition');
    await act(id, 'request', {});
    const { etag } = await read(id);
    for (const [body, field] of [
      [{ from: '1.1.2027', until: dayIn(400) }, 'from'],
      [{ from: dayIn(40), until: dayIn(30) }, 'until'],
      [{ from: '2020-01-01', until: '2020-02-01' }, 'until'],
      [{ from: dayIn(30), until: dayIn(90), visits: 0 }, 'visits'],
    ] as const) {
      const reply = await call(`/referral-authorisations/${id}/grant`, body, etag ?? undefined);
      expect([reply.status, reply.body.errors?.[0]?.field]).toEqual([400, field]);
    }
    expect((await call(`/referrals/${referral.id}/authorisations`, { insurer: '', service: 'x' })).body.errors?.[0]?.field).toBe('insurer');
    expect((await coordinator.call('GET', `/referral-authorisations/${crypto.randomUUID()}`)).status).toBe(404);
  });

  it('lists the open ones, what must happen first at the top', async () => {
    await open();
    const { body } = await coordinator.call<{ items: Authorisation[]; next: string }>('GET', '/referral-authorisations?limit=2');
    const rest = await coordinator.call<{ items: Authorisation[]; next?: string }>('GET', `/referral-authorisations?limit=100&after=${body.next}`);
    const all = [...body.items, ...rest.body.items];
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    expect(all.map(({ nextActionAt }) => nextActionAt)).toEqual([...all.map(({ nextActionAt }) => nextActionAt)].sort());
    expect(all.every(({ state }) => state !== 'closed')).toBe(true);
  });
});
