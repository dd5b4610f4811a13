import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { sharePatient, unsharePatient } from '@cairn/fhir';
import type { Bundle, Patient, Subscription } from '@medplum/fhirtypes';
import { eventually } from '../support/eventually.js';
import { FhirClient } from '../support/fhir-client.js';
import { topicSubscription } from '../support/subscribing.js';
import { EAST, MINUTE, SubscriptionWorld, WEST } from '../support/subscription-world.js';
import { registerClient } from '../support/system-client.js';
import { readNotification } from '../support/webhook-receiver.js';

describe('subscriptions of two hospitals', () => {
  let world: SubscriptionWorld;

  beforeAll(async () => {
    world = await SubscriptionWorld.start();
  });
  beforeEach(() => {
    world.receiver.react = () => ({ status: 200 });
  });
  afterAll(() => world.stop());

  it('tell nothing of patients that are not shared with the subscriber’s connection, not even a number', async () => {
    const [mine, theirs] = [await world.subscribe(world.east), await world.subscribe(world.west)];
    await world.east.create(world.observation(world.anna));
    await world.notified(mine.path, 1);
    expect(await world.status(world.west, theirs.id)).toMatchObject({ eventsSinceStart: '0' });
    await world.asCairn((tx) => sharePatient(tx, WEST, world.anna));
    const shared = await world.east.create(world.observation(world.anna));
    expect((await world.notified(theirs.path, 1))[0]?.events).toEqual([{ number: '1', focus: `${world.app.url}/fhir/Observation/${shared}` }]);
    await world.asCairn((tx) => unsharePatient(tx, WEST, world.anna));
  });

  it('ask again at the moment of sending: who lost the patient meanwhile hears nothing', async () => {
    await world.asCairn((tx) => sharePatient(tx, WEST, world.anna));
    const { id, path } = await world.subscribe(world.west);
    world.receiver.react = ({ path: asked }) => ({ status: asked === path ? 503 : 200 });
    await world.east.create(world.observation(world.anna));
    await world.receiver.waitFor(path, 2);
    await world.asCairn((tx) => unsharePatient(tx, WEST, world.anna));
    world.receiver.react = () => ({ status: 200 });
    const before = world.receiver.at(path).length;
    await world.app.advance(10 * MINUTE);
    const [row] = await eventually('the event is weighed and found out of sight', () =>
      world.asCairn((tx) => tx.query<{ weighed: string }>(`select weighed from fhir_subscription where id = $1 and weighed = 1`, [id])).then((rows) => (rows.length > 0 ? rows : undefined)),
    );
    expect(row?.weighed).toBe('1');
    expect(world.receiver.at(path)).toHaveLength(before);
    expect((await world.events(world.west, id)).events).toEqual([{ number: '1', focus: undefined }]);
    // The next event that it may see brings the bare number along, so that there is no gap.
    const own = await world.west.create({ resourceType: 'Patient', name: [{ family: 'Westley' }] } satisfies Patient);
    const seen = await world.west.create(world.observation(own));
    const told = await eventually('the next event', () => world.receiver.at(path).slice(before).map(({ text }) => readNotification(text)).find(({ type }) => type === 'event-notification'));
    expect(told.events).toEqual([{ number: '1', focus: undefined }, { number: '2', focus: `${world.app.url}/fhir/Observation/${seen}` }]);
  });

  it('are each hospital’s own: to all others they are not there', async () => {
    const { id } = await world.subscribe(world.east);
    const other = new FhirClient(world.app, await world.app.asSystem('system/*.*', { clientId: 'another' }));
    const person = new FhirClient(world.app, await world.app.as('clinician'));
    for (const stranger of [world.west, world.clinic, other, person]) {
      const nowhere = id.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
      for (const path of ['', '/_history', '/_history/1', '/$status', '/$events']) {
        const [asked, missing] = [await stranger.get(`/Subscription/${id}${path}`), await stranger.get(`/Subscription/${nowhere}${path}`)];
        expect([path, asked.status]).toEqual([path, 404]);
        expect(missing.status).toBe(404);
      }
      expect(await stranger.ids('/Subscription')).not.toContain(id);
      expect((await stranger.put(`/Subscription/${id}`, { ...topicSubscription({ topic: world.topic('task-changed'), endpoint: world.receiver.url }), id })).status).toBe(405);
      expect((await stranger.delete(`/Subscription/${id}`)).status).toBe(204);
      expect((await stranger.send('POST', `/Subscription/${id}/$signing-secret`)).status).toBe(404);
    }
    expect((await world.east.get<Subscription>(`/Subscription/${id}`)).body.status).toBe('active');
    const colleague = new FhirClient(world.app, await world.app.asSystem('system/*.*', { connectionId: EAST, clientId: 'east-second' }));
    expect(await colleague.ids('/Subscription')).toContain(id);
    expect((await world.clinic.get('/Provenance')).text).not.toContain(`Subscription/${id}`);
    const { body } = await world.clinic.get<Bundle>('/Subscription/$status');
    expect(JSON.stringify(body)).not.toContain(id);
  });

  it('are bound by the scopes of the subscriber', async () => {
    const narrow = new FhirClient(world.app, await world.app.asSystem('system/Subscription.cruds system/Observation.rs?code=http://loinc.org|1-8', { connectionId: EAST, clientId: 'narrow' }));
    const { path } = await world.subscribe(narrow);
    await world.east.create(world.observation(world.anna));
    const covered = await world.east.create(world.observation(world.anna, '1-8'));
    expect((await world.notified(path, 1))[0]?.events).toEqual([{ number: '1', focus: `${world.app.url}/fhir/Observation/${covered}` }]);
    const refused = await narrow.post('/Subscription', topicSubscription({ topic: world.topic('task-changed'), endpoint: world.receiver.url }));
    expect(refused.status).toBe(403);
  });

  it('tell of labelled records those whom a Consent names alone, with their notice', async () => {
    const NOTICE = '42 CFR part 2 prohibits unauthorized use or disclosure of these records.';
    const label = { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: '42CFRPart2' };
    await world.asCairn((tx) => sharePatient(tx, WEST, world.anna));
    const [mine, theirs] = [await world.subscribe(world.east), await world.subscribe(world.west)];
    const labelled = { ...world.observation(world.anna), meta: { security: [label] } };
    const secret = await world.east.create(labelled);
    expect((await world.notified(mine.path, 1))[0]?.events).toMatchObject([{ focus: `${world.app.url}/fhir/Observation/${secret}` }]);
    expect(world.receiver.at(mine.path).at(-1)?.headers['x-confidentiality-notice']).toBe(NOTICE);
    expect(await world.status(world.west, theirs.id)).toMatchObject({ eventsSinceStart: '0' });
    const consent = await new FhirClient(world.app, await world.app.as('clinician')).create({
      resourceType: 'Consent',
      status: 'active',
      scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
      category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
      patient: { reference: `Patient/${world.anna}` },
      policyRule: { text: 'as asked' },
      provision: { type: 'permit', securityLabel: [label], actor: [{ role: { text: 'recipient' }, reference: { identifier: { system: 'urn:cairn:connection', value: WEST } } }] },
    });
    const permitted = await world.east.create(labelled);
    expect((await world.notified(theirs.path, 1))[0]?.events).toEqual([{ number: '1', focus: `${world.app.url}/fhir/Observation/${permitted}` }]);
    expect(world.receiver.at(theirs.path).at(-1)?.headers['x-confidentiality-notice']).toBe(NOTICE);
    expect((await world.west.get(`/Subscription/${theirs.id}/$events`)).headers.get('x-confidentiality-notice')).toBe(NOTICE);
    await new FhirClient(world.app, await world.app.as('clinician')).delete(`/Consent/${consent}`);
    await world.asCairn((tx) => unsharePatient(tx, WEST, world.anna));
  });

  it('are silent once their client is disabled, and lose nothing by it', async () => {
    const { clientId } = await registerClient(world.app, { connectionId: EAST });
    const registered = new FhirClient(world.app, await world.app.asSystem('system/*.cruds', { connectionId: EAST, clientId }));
    const { id, path } = await world.subscribe(registered);
    const enable = (at: string) => world.owner.query(`update client set disabled_at = ${at} where client_id = $1`, [clientId]);
    await enable('now()');
    const kept = await world.east.create(world.observation(world.anna));
    await eventually('the event is weighed', async () => (await world.owner.query('select 1 from fhir_subscription where id = $1 and weighed = 1', [id])).rowCount === 1);
    expect(world.receiver.at(path)).toHaveLength(1);
    await enable('null');
    await world.east.create(world.observation(world.anna));
    expect((await world.notified(path, 1))[0]?.events).toMatchObject([{ number: '1', focus: `${world.app.url}/fhir/Observation/${kept}` }, { number: '2' }]);
  });

  it.each<[string, number, string, (good: Subscription) => object]>([
    ['a status of the server’s', 422, 'Subscription.status', (good) => ({ ...good, status: 'active' })],
    ['a topic that is not offered', 422, 'Subscription.criteria', (good) => ({ ...good, criteria: 'https://example.org/topics/none' })],
    ['criteria that are no search', 422, 'Subscription.criteria', (good) => ({ ...good, criteria: 'Observation?nonsense=1' })],
    ['criteria whose value can’t be read', 422, 'Subscription.criteria', (good) => ({ ...good, criteria: 'Observation?date=banana', _criteria: undefined })],
    ['criteria about Subscriptions', 422, 'Subscription.criteria', (good) => ({ ...good, criteria: 'Subscription?status=active' })],
    ['a channel that is not offered', 422, 'Subscription.channel.type', (good) => ({ ...good, channel: { ...good.channel, type: 'email' } })],
    ['no endpoint', 422, 'Subscription.channel.endpoint', (good) => ({ ...good, channel: { ...good.channel, endpoint: undefined } })],
    ['an endpoint that leads inside', 400, 'Subscription.channel.endpoint', (good) => ({ ...good, channel: { ...good.channel, endpoint: 'http://169.254.169.254/latest' } })],
    ['a payload without content', 422, 'Subscription.channel.payload', (good) => ({ ...good, channel: { ...good.channel, _payload: undefined } })],
    ['a header that is the server’s', 422, 'Subscription.channel.header[0]', (good) => ({ ...good, channel: { ...good.channel, header: ['Host: elsewhere.example'] } })],
    ['a header that smuggles another', 422, 'Subscription.channel.header[0]', (good) => ({ ...good, channel: { ...good.channel, header: ['X-A: b\r\nX-C: d'] } })],
    ['an end that has passed', 422, 'Subscription.end', (good) => ({ ...good, end: '2020-01-01T00:00:00Z' })],
    ['a heartbeat each second', 422, 'Subscription.channel.extension', (good) => ({ ...good, channel: { ...good.channel, extension: [{ url: 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-heartbeat-period', valueUnsignedInt: 1 }] } })],
  ])('are refused with %s', async (_what, code, path, change) => {
    const good = topicSubscription({ topic: world.topic('observation-added'), endpoint: world.receiver.url, filters: ['Observation?code=1-8'] });
    const { status: answered, text } = await world.east.post('/Subscription', change(good));
    expect(answered).toBe(code);
    expect(text).toContain(`"${path}`);
    expect(JSON.parse(text)).toMatchObject({ resourceType: 'OperationOutcome' });
  });

  it('are refused to people, and under an id of the client’s choice', async () => {
    const wish = topicSubscription({ topic: world.topic('observation-added'), endpoint: world.receiver.url });
    expect((await new FhirClient(world.app, await world.app.as('clinician')).post('/Subscription', wish)).status).toBe(403);
    expect((await world.clinic.put('/Subscription/mine', { ...wish, id: 'mine' })).status).toBe(405);
  });
});
