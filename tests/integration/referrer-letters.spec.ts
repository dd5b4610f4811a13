import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OpenLoops } from '@cairn/platform';
import type { Task } from '@medplum/fhirtypes';
import { eventually } from '../support/eventually.js';
import { MessagingWorld } from '../support/messaging-world.js';
import { Staff } from '../support/referral-factory.js';

/** A letter as the REST interface answers it. */
interface Letter {
  readonly id: string;
  readonly state: string;
  readonly nextStep: string;
  readonly rule: string | null;
  readonly overdue: boolean;
  readonly version: number;
  readonly availableActions: readonly string[];
}

const DAY = 24 * 3_600_000;

describe('a referrer without a link to an EHR', () => {
  let world: MessagingWorld;
  let coordinator: Staff;

  beforeAll(async () => {
    world = await MessagingWorld.start();
    coordinator = new Staff(world.app, await world.app.as('coordinator'));
  });
  afterAll(() => world.stop());

  /** Declines a phoned-in referral, and waits until the letter about it is in the state. */
  const declined = async (referrer: object, state: string): Promise<Letter & { patientId: string }> => {
    const patientId = await world.patient();
    const { body, status } = await coordinator.call('POST', '/referrals', { patient: { id: patientId }, referrer: { name: 'Dr. Łucja Example', ...referrer }, receivedBy: 'fax', reason: 'Back trouble for a year' });
    expect(status).toBe(201);
    await coordinator.act(body.id, 'POST', 'triage');
    await coordinator.act(body.id, 'POST', 'decline', { reason: 'outside-scope', advice: 'Please begin with physiotherapy nearby.' });
    await world.app.advance(3 * 60_000);
    return { patientId, ...(await letterIn(patientId, state)) };
  };
  const letterIn = (patientId: string, state: string): Promise<Letter> =>
    eventually(`a letter that is ${state}`, async () => (await world.coordinator.read<{ items: Letter[] }>(`letters?patient=${patientId}&state=${state}`)).items[0], 25_000);
  const taskOf = async (id: string): Promise<Task> => (await world.fhir.get<Task>(`/Task/${id}`)).body;
  const mailsTo = (address: string) => world.inbox.messages.all().filter(({ to }) => to.includes(address));

  it('gets a mail that says nothing of the patient, and has the letter when it is fetched by its button', async () => {
    const letter = await declined({ email: 'first@practice.example' }, 'mailed');
    const [mail] = mailsTo('first@practice.example');
    expect(mail?.text).not.toMatch(/Robin|Example|physio/);
    const link = /http\S+\/letters\/\S+/.exec(mail?.text ?? '')?.[0] ?? '';
    expect(await (await fetch(link)).text()).toContain('<button>');
    expect((await letterIn(letter.patientId, 'mailed')).id).toBe(letter.id); // Looking is not fetching.
    const fetched = await fetch(link, { method: 'POST' });
    expect([fetched.status, fetched.headers.get('content-type')]).toEqual([200, 'application/pdf']);
    expect(Buffer.from(await fetched.arrayBuffer()).subarray(0, 5).toString()).toBe('%PDF-');
    await letterIn(letter.patientId, 'delivered');
    expect(await taskOf(letter.id)).toMatchObject({ status: 'completed', businessStatus: { coding: [{ code: 'delivered' }] } });
    expect((await fetch(link.slice(0, -2) + 'xx', { method: 'POST' })).status).toBe(404);
  });

  it('is called when nobody fetches the letter, and the call stays open until it was made', async () => {
    const { patientId } = await declined({ email: 'late@practice.example', phone: '+12125550177' }, 'mailed');
    await world.app.advance(6 * DAY);
    const open = await letterIn(patientId, 'to-call');
    expect(open).toMatchObject({ rule: 'not-fetched', nextStep: expect.stringContaining('Call the referrer'), availableActions: ['deliver'] });
    await world.app.advance(3 * DAY);
    expect((await letterIn(patientId, 'to-call')).overdue).toBe(true);
    expect((await taskOf(open.id)).status).toBe('requested');
    expect((await world.coordinator.post(`letters/${open.id}/delivery`, { note: '' }, `W/"${open.version}"`)).status).toBe(400);
    expect((await world.coordinator.post(`letters/${open.id}/delivery`, { note: 'Told by phone.' }, 'W/"1"')).status).toBe(412);
    expect((await world.coordinator.post<Letter>(`letters/${open.id}/delivery`, { note: 'Told by phone.' }, `W/"${open.version}"`)).body).toMatchObject({ state: 'delivered', availableActions: [] });
  });

  it('gets the letter by post where there is no mailbox, printed from its PDF', async () => {
    const { id } = await declined({ address: '12 Hill Road\n02118 Boston' }, 'to-post');
    const pdf = await fetch(`${world.app.url}/api/v1/letters/${id}/pdf`, { headers: { authorization: await world.app.as('coordinator') } });
    expect([pdf.status, pdf.headers.get('content-type')]).toEqual([200, 'application/pdf']);
    expect((await fetch(`${world.app.url}/api/v1/letters/${id}/pdf`, { headers: { authorization: await world.app.as('hospital-it') } })).status).toBe(403);
  });

  it('is never lost sight of: a letter has an owner, a next step and a date, and is named once that has passed', async () => {
    const letter = await declined({ address: '7 Hill Road\n02118 Boston' }, 'to-post');
    const loose = async (): Promise<unknown> => {
      const reports = await world.app.transactions.read(world.app.scope(), (tx) => world.app.get(OpenLoops).check(tx, 1000));
      return reports.find(({ kind }) => kind === 'letter')?.loose.find(({ id }) => id === letter.id);
    };
    expect(await loose()).toBeUndefined();
    await world.app.advance(2 * DAY + 60_000);
    expect(await loose()).toEqual({ id: letter.id, lacks: ['owner'] });
    expect((await world.coordinator.post(`letters/${letter.id}/delivery`, { note: 'Posted.' }, `W/"${letter.version}"`)).status).toBe(200);
    expect(await loose()).toBeUndefined();
  });

  it('becomes a call where the mail server takes nothing', async () => {
    world.inbox.faults.set({ mode: 'reject' });
    const { patientId } = await declined({ email: 'nobody@practice.example' }, 'to-call');
    expect(await letterIn(patientId, 'to-call')).toMatchObject({ rule: expect.stringMatching(/^smtp-5/) });
    expect(mailsTo('nobody@practice.example')).toEqual([]);
    world.inbox.faults.clear();
  });
});
