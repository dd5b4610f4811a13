import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { sharePatient, unsharePatient, validate } from '@cairn/fhir';
import { cairnScope, type Tx } from '@cairn/platform';
import type { Bundle, CapabilityStatement, Observation, Parameters, Patient, Subscription, Task } from '@medplum/fhirtypes';
import pg from 'pg';
import { Webhook } from 'standardwebhooks';
import { startTestApp, type TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { FhirClient } from '../support/fhir-client.js';
import { PlanDesk } from '../support/plan-factory.js';
import { Staff, hospital, referralBundle, send } from '../support/referral-factory.js';
import { topicSubscription, untilStatus, type SubscriptionWish } from '../support/subscribing.js';
import { registerClient } from '../support/system-client.js';
import { WebhookReceiver, readNotification, readStatus, type Notification } from '../support/webhook-receiver.js';

const EAST = '11111111-1111-4111-8111-111111111111';
const WEST = '22222222-2222-4222-8222-222222222222';
const MINUTE = 60_000;

describe('subscriptions', () => {
  let app: TestApp;
  let receiver: WebhookReceiver;
  let east: FhirClient;
  let west: FhirClient;
  let clinic: FhirClient;
  let owner: pg.Client;
  let anna: string;
  let paths = 0;

  const asCairn = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => app.transactions.run(cairnScope(app.clinicId, 'test', 'test-correlation'), work);
  const topic = (name: string): string => `${app.url}/fhir/SubscriptionTopic/${name}`;
  const observation = (patient: string, code = '72514-3', value = 7): Observation => ({
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code }] },
    subject: { reference: `Patient/${patient}` },
    valueQuantity: { value },
  });
  /** Subscribes, waits for the handshake, and returns where notifications arrive. */
  const subscribe = async (client: FhirClient, wish: Partial<SubscriptionWish> = {}) => {
    const path = `/hook-${++paths}`;
    const id = await client.create(topicSubscription({ topic: topic('observation-added'), endpoint: receiver.url + path, ...wish }));
    await untilStatus(client, id, 'active');
    return { id, path };
  };
  /** The notifications of events at a path, once so many have come. */
  const notified = async (path: string, count: number): Promise<Notification[]> =>
    eventually(`${count} notifications of events at ${path}`, () => {
      const all = receiver.at(path).map(({ text }) => readNotification(text)).filter(({ type }) => type === 'event-notification');
      return all.length >= count ? all : undefined;
    });
  const numbers = (notifications: readonly Notification[]): string[] => notifications.flatMap(({ events }) => events.map(({ number }) => number));
  const events = (client: FhirClient, id: string, query = ''): Promise<Notification> => client.get(`/Subscription/${id}/$events${query}`).then(({ text }) => readNotification(text));
  const status = (client: FhirClient, id: string) =>
    client.get<Bundle<Parameters>>(`/Subscription/${id}/$status`).then(({ body }) => readStatus(body.entry?.[0]?.resource as Parameters));

  beforeAll(async () => {
    app = await startTestApp({ worker: true, environment: { FHIR_SUBSCRIPTION_ATTEMPTS: '3', FHIR_SUBSCRIPTION_LIMIT: '40' } });
    receiver = await WebhookReceiver.start();
    owner = new pg.Client({ connectionString: app.database.ownerUrl });
    await owner.connect();
    east = new FhirClient(app, await app.asSystem('system/*.*', { connectionId: EAST, clientId: 'east' }));
    west = new FhirClient(app, await app.asSystem('system/*.*', { connectionId: WEST, clientId: 'west' }));
    clinic = new FhirClient(app, await app.asSystem('system/*.*', { clientId: 'clinic-wide' }));
    anna = await east.create({ resourceType: 'Patient', name: [{ family: 'Eastwood' }] });
  });
  beforeEach(() => {
    receiver.react = () => ({ status: 200 });
  });
  afterAll(async () => {
    await owner.end();
    await app.stop();
    await receiver.stop();
  });

  it('are offered with their topics in the CapabilityStatement', async () => {
    const { body } = await east.get<CapabilityStatement>('/metadata');
    const offered = body.rest?.[0]?.resource?.find(({ type }) => type === 'Subscription');
    const topics = offered?.extension?.filter(({ url }) => url.endsWith('/capabilitystatement-subscriptiontopic-canonical')).map(({ valueCanonical }) => valueCanonical);
    expect(topics?.sort()).toEqual(['careplan-changed', 'observation-added', 'plan-review', 'referral-status', 'task-changed'].map(topic));
    expect(offered?.supportedProfile).toEqual(['http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-subscription']);
    expect(offered?.operation?.map(({ name }) => name)).toEqual(expect.arrayContaining(['status', 'events', 'signing-secret']));
  });

  it('begin with a handshake, then tell of events by their ids, in order and numbered', async () => {
    const { id, path } = await subscribe(east);
    const [handshake] = receiver.at(path);
    expect(readNotification(handshake?.text ?? '')).toMatchObject({ type: 'handshake', status: 'requested', topic: topic('observation-added'), eventsSinceStart: '0', events: [] });
    const first = await east.create(observation(anna));
    const second = await east.create(observation(anna));
    const told = await eventually('both', async () => {
      const all = await notified(path, 1);
      return numbers(all).length === 2 ? all : undefined;
    });
    expect(told.flatMap((each) => each.events)).toEqual([
      { number: '1', focus: `${app.url}/fhir/Observation/${first}` },
      { number: '2', focus: `${app.url}/fhir/Observation/${second}` },
    ]);
    for (const { bundle } of told) {
      expect(() => validate(JSON.parse(JSON.stringify(bundle)) as Record<string, unknown>)).not.toThrow();
      expect(bundle).toMatchObject({ type: 'history', entry: [{ request: { method: 'GET' } }] });
      expect(bundle.entry).toHaveLength(1);
    }
    // A topic about additions says nothing of changes.
    await east.put(`/Observation/${first}`, { ...observation(anna), id: first, status: 'amended' });
    const third = await east.create(observation(anna));
    expect((await notified(path, told.length + 1)).at(-1)?.events).toEqual([{ number: '3', focus: `${app.url}/fhir/Observation/${third}` }]);
    expect(await status(east, id)).toMatchObject({ type: 'query-status', status: 'active', eventsSinceStart: '3', errors: [] });
  });

  it('carry whole resources digit by digit, or nothing at all, as is asked', async () => {
    const [full, empty] = [await subscribe(east, { content: 'full-resource' }), await subscribe(east, { content: 'empty' })];
    const { body } = await east.post<Observation>('/Observation', JSON.stringify(observation(anna)).replace('"value":7', '"value":7.10'));
    const [whole] = await notified(full.path, 1);
    expect(receiver.at(full.path).at(-1)?.text).toContain('"value":7.10');
    expect(whole?.bundle.entry?.[1]).toMatchObject({
      fullUrl: `${app.url}/fhir/Observation/${body.id}`,
      resource: { id: body.id, meta: { versionId: '1' } },
      request: { method: 'POST', url: 'Observation' },
      response: { status: '201', etag: 'W/"1"' },
    });
    expect(() => validate(JSON.parse(receiver.at(full.path).at(-1)?.text ?? '') as Record<string, unknown>)).not.toThrow();
    const [bare] = await notified(empty.path, 1);
    expect(bare).toMatchObject({ topic: undefined, events: [{ number: '1', focus: undefined }] });
    expect(receiver.at(empty.path).at(-1)?.text).not.toContain(body.id);
  });

  it('tell only what meets their filters, all of them, as a search would find it', async () => {
    const { path } = await subscribe(east, { filters: ['Observation?code=http://loinc.org|72514-3', 'value-quantity=gt5'] });
    await east.create(observation(anna, '72514-3', 5));
    await east.create(observation(anna, '1-8', 9));
    const wanted = await east.create(observation(anna, '72514-3', 9));
    expect((await notified(path, 1))[0]?.events).toEqual([{ number: '1', focus: `${app.url}/fhir/Observation/${wanted}` }]);
  });

  it('hear of a status only when it changes: of a referral’s Task, and of a plan’s review', async () => {
    const [referral, review] = [await subscribe(clinic, { topic: topic('referral-status') }), await subscribe(clinic, { topic: topic('plan-review') })];
    const changed = await subscribe(clinic, { topic: topic('task-changed'), filters: ['Task?group-identifier=urn:test|topics'] });
    const task = (code: object, state: Task['status'], word: string, note = 'x'): Task => ({
      resourceType: 'Task',
      groupIdentifier: { system: 'urn:test', value: 'topics' },
      status: state,
      intent: 'order',
      code: { coding: [code] },
      businessStatus: { coding: [{ system: 'urn:cairn:code', code: word }] },
      description: note,
    });
    const fulfil = { system: 'http://hl7.org/fhir/CodeSystem/task-code', code: 'fulfill' };
    const id = await clinic.create(task(fulfil, 'in-progress', 'in-triage'));
    await clinic.put(`/Task/${id}`, { ...task(fulfil, 'in-progress', 'in-triage', 'y'), id });
    await clinic.put(`/Task/${id}`, { ...task(fulfil, 'in-progress', 'accepted', 'y'), id });
    await clinic.create(task({ system: 'urn:cairn:code', code: 'plan-review' }, 'requested', 'due'));
    const every = await eventually('four changes', async () => {
      const all = await notified(changed.path, 1);
      return numbers(all).length === 4 ? all : undefined;
    });
    expect(numbers(every)).toEqual(['1', '2', '3', '4']);
    await eventually('two steps', async () => numbers(await notified(referral.path, 1)).length === 2);
    expect(numbers(await notified(review.path, 1))).toEqual(['1']);
  });

  it('hear of what Cairn itself writes: the steps of a referral, and the reviews of a plan', async () => {
    const sender = await hospital(app, 'plain');
    const coordinator = new Staff(app, await app.as('coordinator'));
    const steps = await subscribe(sender.fhir, { topic: topic('referral-status'), content: 'full-resource' });
    const reviews = await subscribe(clinic, { topic: topic('plan-review') });
    const plans = await subscribe(clinic, { topic: topic('careplan-changed') });
    const ids = await send(sender.fhir, referralBundle());
    const { id, taskId } = await coordinator.find(ids['Patient'] ?? '');
    await coordinator.act(id, 'POST', 'triage');
    const told = await eventually('the referral is in triage', async () => {
      const all = await notified(steps.path, 1);
      const tasks = all.flatMap(({ bundle }) => (bundle.entry ?? []).slice(1).map(({ resource }) => resource as Task));
      return tasks.at(-1)?.businessStatus?.coding?.some(({ code }) => code === 'in-triage') ? { all, tasks } : undefined;
    });
    expect(new Set(told.tasks.map((task) => task.id))).toEqual(new Set([taskId]));
    expect(numbers(told.all)).toEqual(told.tasks.map((_task, index) => String(index + 1)));
    const plan = await new PlanDesk(new Staff(app, await app.as('clinician'))).activePlan(ids['Patient'] ?? '');
    expect((await notified(reviews.path, 1)).flatMap((each) => each.events.map(({ focus }) => focus))).toContain(`${app.url}/fhir/Task/${plan.review?.id}`);
    expect((await notified(plans.path, 1)).flatMap((each) => each.events.map(({ focus }) => focus))).toContain(`${app.url}/fhir/CarePlan/${plan.id}`);
  });

  describe('of two hospitals', () => {
    it('tell nothing of patients that are not shared with the subscriber’s connection, not even a number', async () => {
      const [mine, theirs] = [await subscribe(east), await subscribe(west)];
      await east.create(observation(anna));
      await notified(mine.path, 1);
      expect(await status(west, theirs.id)).toMatchObject({ eventsSinceStart: '0' });
      await asCairn((tx) => sharePatient(tx, WEST, anna));
      const shared = await east.create(observation(anna));
      expect((await notified(theirs.path, 1))[0]?.events).toEqual([{ number: '1', focus: `${app.url}/fhir/Observation/${shared}` }]);
      await asCairn((tx) => unsharePatient(tx, WEST, anna));
    });

    it('ask again at the moment of sending: who lost the patient meanwhile hears nothing', async () => {
      await asCairn((tx) => sharePatient(tx, WEST, anna));
      const { id, path } = await subscribe(west);
      receiver.react = ({ path: asked }) => ({ status: asked === path ? 503 : 200 });
      await east.create(observation(anna));
      await receiver.waitFor(path, 2);
      await asCairn((tx) => unsharePatient(tx, WEST, anna));
      receiver.react = () => ({ status: 200 });
      const before = receiver.at(path).length;
      await app.advance(10 * MINUTE);
      const [row] = await eventually('the event is weighed and found out of sight', () =>
        asCairn((tx) => tx.query<{ weighed: string }>(`select weighed from fhir_subscription where id = $1 and weighed = 1`, [id])).then((rows) => (rows.length > 0 ? rows : undefined)),
      );
      expect(row?.weighed).toBe('1');
      expect(receiver.at(path)).toHaveLength(before);
      expect((await events(west, id)).events).toEqual([{ number: '1', focus: undefined }]);
      // The next event that it may see brings the bare number along, so that there is no gap.
      const own = await west.create({ resourceType: 'Patient', name: [{ family: 'Westley' }] } satisfies Patient);
      const seen = await west.create(observation(own));
      const told = await eventually('the next event', () => receiver.at(path).slice(before).map(({ text }) => readNotification(text)).find(({ type }) => type === 'event-notification'));
      expect(told.events).toEqual([{ number: '1', focus: undefined }, { number: '2', focus: `${app.url}/fhir/Observation/${seen}` }]);
    });

    it('are each hospital’s own: to all others they are not there', async () => {
      const { id } = await subscribe(east);
      const other = new FhirClient(app, await app.asSystem('system/*.*', { clientId: 'another' }));
      const person = new FhirClient(app, await app.as('clinician'));
      for (const stranger of [west, clinic, other, person]) {
        const nowhere = id.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
        for (const path of ['', '/_history', '/_history/1', '/$status', '/$events']) {
          const [asked, missing] = [await stranger.get(`/Subscription/${id}${path}`), await stranger.get(`/Subscription/${nowhere}${path}`)];
          expect([path, asked.status]).toEqual([path, 404]);
          expect(missing.status).toBe(404);
        }
        expect(await stranger.ids('/Subscription')).not.toContain(id);
        expect((await stranger.put(`/Subscription/${id}`, { ...topicSubscription({ topic: topic('task-changed'), endpoint: receiver.url }), id })).status).toBe(405);
        expect((await stranger.delete(`/Subscription/${id}`)).status).toBe(204);
        expect((await stranger.send('POST', `/Subscription/${id}/$signing-secret`)).status).toBe(404);
      }
      expect((await east.get<Subscription>(`/Subscription/${id}`)).body.status).toBe('active');
      const colleague = new FhirClient(app, await app.asSystem('system/*.*', { connectionId: EAST, clientId: 'east-second' }));
      expect(await colleague.ids('/Subscription')).toContain(id);
      expect((await clinic.get('/Provenance')).text).not.toContain(`Subscription/${id}`);
      const { body } = await clinic.get<Bundle>('/Subscription/$status');
      expect(JSON.stringify(body)).not.toContain(id);
    });

    it('are bound by the scopes of the subscriber', async () => {
      const narrow = new FhirClient(app, await app.asSystem('system/Subscription.cruds system/Observation.rs?code=http://loinc.org|1-8', { connectionId: EAST, clientId: 'narrow' }));
      const { path } = await subscribe(narrow);
      await east.create(observation(anna));
      const covered = await east.create(observation(anna, '1-8'));
      expect((await notified(path, 1))[0]?.events).toEqual([{ number: '1', focus: `${app.url}/fhir/Observation/${covered}` }]);
      const refused = await narrow.post('/Subscription', topicSubscription({ topic: topic('task-changed'), endpoint: receiver.url }));
      expect(refused.status).toBe(403);
    });

    it('are silent once their client is disabled, and lose nothing by it', async () => {
      const { clientId } = await registerClient(app, { connectionId: EAST });
      const registered = new FhirClient(app, await app.asSystem('system/*.cruds', { connectionId: EAST, clientId }));
      const { id, path } = await subscribe(registered);
      const enable = (at: string) => owner.query(`update client set disabled_at = ${at} where client_id = $1`, [clientId]);
      await enable('now()');
      const kept = await east.create(observation(anna));
      await eventually('the event is weighed', async () => (await owner.query('select 1 from fhir_subscription where id = $1 and weighed = 1', [id])).rowCount === 1);
      expect(receiver.at(path)).toHaveLength(1);
      await enable('null');
      await east.create(observation(anna));
      expect((await notified(path, 1))[0]?.events).toMatchObject([{ number: '1', focus: `${app.url}/fhir/Observation/${kept}` }, { number: '2' }]);
    });
  });

  it('are signed so that a Standard Webhooks library verifies them, with the former secret too for a day', async () => {
    const { id, path } = await subscribe(east);
    const secret = async (): Promise<string> => {
      const { status: code, body } = await east.send<Parameters>('POST', `/Subscription/${id}/$signing-secret`);
      expect(code).toBe(200);
      return body.parameter?.find(({ name }) => name === 'secret')?.valueString ?? '';
    };
    const former = await secret();
    const present = await secret();
    await east.create(observation(anna));
    await notified(path, 1);
    const arrival = receiver.at(path).at(-1);
    const headers = arrival?.headers as Record<string, string>;
    for (const each of [former, present]) expect(new Webhook(each).verify(arrival?.text ?? '', headers)).toMatchObject({ resourceType: 'Bundle' });
    expect(() => new Webhook(present).verify(`${arrival?.text ?? ''} `, headers)).toThrow();
    expect((await east.get(`/Subscription/${id}`)).text).not.toContain('whsec_');
  });

  it('send their headers, and show and store them masked', async () => {
    const { id, path } = await subscribe(east, { header: ['Authorization: Bearer open-sesame'] });
    expect(receiver.at(path)[0]?.headers.authorization).toBe('Bearer open-sesame');
    const { body, text } = await east.get<Subscription>(`/Subscription/${id}`);
    expect(body.channel.header).toEqual(['Authorization: ********']);
    expect(text + (await east.get(`/Subscription/${id}/_history`)).text).not.toContain('open-sesame');
    const everything = await asCairn((tx) => tx.query(`select body from fhir_resource where id = $1 union all select body from fhir_history where id = $1 union all select s::text from fhir_subscription s where id = $1`, [id]));
    expect(JSON.stringify(everything)).not.toContain('open-sesame');
    // What is read can be sent back: the mask stands for the value that is kept.
    expect((await east.put(`/Subscription/${id}`, { ...body, status: 'requested', reason: 'The same' })).status).toBe(200);
    const [, again] = await receiver.waitFor(path, 2);
    expect(again?.headers.authorization).toBe('Bearer open-sesame');
  });

  it('beat their heart while nothing happens', async () => {
    const { path } = await subscribe(east, { channel: [{ name: 'heartbeat-period', value: 60 }] });
    await app.advance(2 * MINUTE);
    const [, beat] = await receiver.waitFor(path, 2);
    expect(readNotification(beat?.text ?? '')).toMatchObject({ type: 'heartbeat', status: 'active', eventsSinceStart: '0', events: [] });
  });

  it('put several events into one notification, up to the number asked for', async () => {
    const { path } = await subscribe(east, { channel: [{ name: 'max-count', value: 2 }] });
    const entry = Array.from({ length: 5 }, () => ({ resource: observation(anna), request: { method: 'POST' as const, url: 'Observation' } }));
    expect((await east.post('', { resourceType: 'Bundle', type: 'transaction', entry })).status).toBe(200);
    const told = await notified(path, 3);
    expect(told.map(({ events: some }) => some.map(({ number }) => number))).toEqual([['1', '2'], ['3', '4'], ['5']]);
  });

  it('can be caught up on by $events', async () => {
    const { id, path } = await subscribe(east);
    const made: string[] = [];
    for (let n = 0; n < 4; n++) made.push(await east.create(observation(anna)));
    await eventually('all four', async () => numbers(await notified(path, 1)).length === 4);
    const some = await events(east, id, '?eventsSinceNumber=2&eventsUntilNumber=3&content=full-resource');
    expect(some).toMatchObject({ type: 'query-event', eventsSinceStart: '4', events: [{ number: '2' }, { number: '3' }] });
    expect(some.bundle.entry?.slice(1).map(({ resource }) => resource?.id)).toEqual(made.slice(1, 3));
    expect((await events(east, id, '?eventsSinceNumber=9')).events).toEqual([]);
    const posted = await east.post(`/Subscription/${id}/$events`, { resourceType: 'Parameters', parameter: [{ name: 'eventsSinceNumber', valueString: '4' }, { name: 'content', valueCode: 'empty' }] });
    expect(readNotification(posted.text).events).toEqual([{ number: '4', focus: undefined }]);
    for (const query of ['?eventsSinceNumber=x', '?content=all']) expect((await east.get(`/Subscription/${id}/$events${query}`)).status).toBe(400);
  });

  it('of plain R4 put the resource below the endpoint, or only ring', async () => {
    const plain = (path: string, payload?: string): Subscription => ({
      resourceType: 'Subscription',
      status: 'requested',
      reason: 'Plain',
      criteria: 'Observation?code=http://loinc.org|1-8',
      channel: { type: 'rest-hook', endpoint: receiver.url + path, ...(payload ? { payload } : {}) },
    });
    for (const [path, payload] of [['/plain-put', 'application/fhir+json'], ['/plain-ring', undefined]] as const) await untilStatus(east, await east.create(plain(path, payload)), 'active');
    await east.create(observation(anna));
    const id = await east.create(observation(anna, '1-8'));
    const [put] = await receiver.waitFor(`/plain-put/Observation/${id}`, 1);
    expect(put).toMatchObject({ method: 'PUT', headers: { 'content-type': 'application/fhir+json' } });
    expect(JSON.parse(put?.text ?? '')).toMatchObject({ resourceType: 'Observation', id });
    expect(await receiver.waitFor('/plain-ring', 1)).toMatchObject([{ method: 'POST', text: '' }]);
    expect(receiver.at('/plain-ring')[0]?.headers['webhook-signature']).toMatch(/^v1,/);
  });

  it('end when their end has come, and when their client says so', async () => {
    const { id, path } = await subscribe(east, { end: new Date(Date.now() + 30 * MINUTE + 60 * 60 * 1000).toISOString() });
    const other = await subscribe(east);
    const { body } = await east.get<Subscription>(`/Subscription/${other.id}`);
    expect((await east.put(`/Subscription/${other.id}`, { ...body, status: 'off' })).body).toMatchObject({ status: 'off' });
    await app.advance(2 * 60 * MINUTE);
    await untilStatus(east, id, 'off');
    expect((await east.delete(`/Subscription/${id}`)).status).toBe(204);
    expect((await east.get(`/Subscription/${id}`)).status).toBe(410);
    await east.create(observation(anna));
    const witness = await subscribe(east);
    await east.create(observation(anna));
    await notified(witness.path, 1);
    expect([receiver.at(path), receiver.at(other.path)].map((each) => each.length)).toEqual([1, 1]);
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
    const good = topicSubscription({ topic: topic('observation-added'), endpoint: receiver.url, filters: ['Observation?code=1-8'] });
    const { status: answered, text } = await east.post('/Subscription', change(good));
    expect(answered).toBe(code);
    expect(text).toContain(`"${path}`);
    expect(JSON.parse(text)).toMatchObject({ resourceType: 'OperationOutcome' });
  });

  it('are refused to people, and under an id of the client’s choice', async () => {
    const wish = topicSubscription({ topic: topic('observation-added'), endpoint: receiver.url });
    expect((await new FhirClient(app, await app.as('clinician')).post('/Subscription', wish)).status).toBe(403);
    expect((await clinic.put('/Subscription/mine', { ...wish, id: 'mine' })).status).toBe(405);
  });
});
