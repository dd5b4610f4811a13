import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Bundle, Observation, OperationOutcome, Parameters, Subscription } from '@medplum/fhirtypes';
import pg from 'pg';
import { startTestApp, testEnvironment, type TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { FhirClient } from '../support/fhir-client.js';
import { CairnProcess } from '../support/process.js';
import { RestClient } from '../support/rest-client.js';
import { topicSubscription, untilStatus, type SubscriptionWish } from '../support/subscribing.js';
import { WebhookReceiver, readNotification, readStatus } from '../support/webhook-receiver.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
jest.setTimeout(90_000);

describe('a subscriber that does not answer well', () => {
  let app: TestApp;
  let receiver: WebhookReceiver;
  let client: FhirClient;
  let owner: pg.Client;
  let anna: string;
  let paths = 0;

  const observation = (): Observation => ({
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '72514-3' }] },
    subject: { reference: `Patient/${anna}` },
  });
  const wishFor = (path: string): SubscriptionWish => ({ topic: `${app.url}/fhir/SubscriptionTopic/observation-added`, endpoint: receiver.url + path });
  const subscribe = async (wish: Partial<SubscriptionWish> = {}) => {
    const path = `/hook-${++paths}`;
    const id = await client.create(topicSubscription({ ...wishFor(path), ...wish }));
    await untilStatus(client, id, 'active');
    return { id, path };
  };
  const row = async (id: string): Promise<{ attempts: number; wait: number; delivered: number }> => {
    const { rows } = await owner.query<{ attempts: number; wait: number; delivered: number }>(
      `select attempts, extract(epoch from due_at - now())::float8 - (select offset_ms / 1000.0 from demo_clock)::float8 as wait, delivered::int from fhir_subscription where id = $1`,
      [id],
    );
    return rows[0] ?? { attempts: -1, wait: -1, delivered: -1 };
  };
  const status = (id: string) => client.get<Bundle<Parameters>>(`/Subscription/${id}/$status`).then(({ body }) => readStatus(body.entry?.[0]?.resource as Parameters));
  const numbersAt = (path: string): string[] =>
    receiver.at(path).map(({ text }) => readNotification(text)).filter(({ type }) => type === 'event-notification').flatMap(({ events }) => events.map(({ number }) => number));

  beforeAll(async () => {
    app = await startTestApp({ worker: true, environment: { FHIR_SUBSCRIPTION_ATTEMPTS: '3' } });
    receiver = await WebhookReceiver.start();
    client = new FhirClient(app, await app.asSystem('system/*.*', { clientId: 'hospital' }));
    anna = await client.create({ resourceType: 'Patient', name: [{ family: 'Eastwood' }] });
    owner = new pg.Client({ connectionString: app.database.ownerUrl });
    await owner.connect();
  });
  beforeEach(() => {
    receiver.react = () => ({ status: 200 });
  });
  afterAll(async () => {
    await owner.end();
    await app.stop();
    await receiver.stop();
  });

  it('costs a clinic without subscriptions no row', async () => {
    const { rows } = await owner.query<{ used: boolean }>(`select last_value is not null as used from pg_sequences where sequencename = 'fhir_news_position_seq'`);
    expect(rows).toEqual([{ used: false }]);
  });

  it('is tried again later and later, as late as it asks, and gets all in order', async () => {
    const { id, path } = await subscribe();
    receiver.react = ({ path: asked }) => (asked === path ? { status: 503, headers: { 'retry-after': '3600' } } : { status: 200 });
    for (let n = 0; n < 3; n++) await client.create(observation());
    const first = await eventually('the first try failed', async () => ((await row(id)).attempts === 1 ? row(id) : undefined));
    expect(first.wait).toBeGreaterThan(3500);
    expect(await status(id)).toMatchObject({ status: 'active', errors: ['The endpoint answered 503.'] });
    receiver.react = () => ({ status: 200 });
    await app.advance(61 * MINUTE);
    await eventually('all is delivered', async () => (await row(id)).delivered === 3);
    // What failed comes again under the same number, before all others.
    expect([...new Set(numbersAt(path))]).toEqual(['1', '2', '3']);
    expect(await status(id)).toMatchObject({ status: 'active', errors: [] });
  });

  it('is given up at last: dead letters and the error are there to be read, and what came after goes out once it asks again', async () => {
    const { id, path } = await subscribe({ channel: [{ name: 'max-count', value: 1 }] });
    receiver.react = ({ path: asked }) => ({ status: asked === path ? 500 : 200 });
    await client.create(observation());
    for (let tries = 1; tries < 3; tries++) {
      await eventually(`try ${tries} failed`, async () => (await row(id)).attempts === tries);
      await app.advance(10 * MINUTE);
    }
    const { error } = await untilStatus(client, id, 'error');
    expect(error).toBe('Given up after 3 tries. The endpoint answered 500.');
    expect(await status(id)).toMatchObject({ status: 'error', errors: [error] });
    const dead = await client.get(`/Subscription/${id}/$events`);
    expect(readNotification(dead.text)).toMatchObject({ events: [{ number: '1' }], errors: [error, 'Not delivered, and given up: event 1.'] });

    const hospitalIt = new RestClient(app, await app.as('hospital-it'));
    const list = await hospitalIt.read<{ items: { id: string }[] }>('fhir-subscriptions');
    expect(list.items.find((item) => item.id === id)).toMatchObject({ state: 'error', problem: error, deadLetters: 1, waiting: 0, client: 'Test client' });
    expect(await hospitalIt.read(`fhir-subscriptions/${id}/dead-letters`)).toEqual({ items: [{ number: 1, type: 'Observation', occurredAt: expect.any(String), givenUpAt: expect.any(String) }] });
    expect((await new RestClient(app, await app.as('coordinator')).get('fhir-subscriptions')).status).toBe(403);

    receiver.react = () => ({ status: 200 });
    await client.create(observation());
    await eventually('the second event is recorded', async () => (await status(id)).eventsSinceStart === '2');
    const { body } = await client.get<Subscription>(`/Subscription/${id}`);
    expect((await client.put(`/Subscription/${id}`, { ...body, status: 'requested' })).status).toBe(200);
    expect(await untilStatus(client, id, 'active')).not.toHaveProperty('error');
    await eventually('the second event is delivered', () => numbersAt(path).includes('2'));
    expect(new Set(numbersAt(path))).toEqual(new Set(['1', '2']));
  });

  it('gets its dead letters again when it or hospital IT asks: in order, signed under the same id, and each once', async () => {
    const { id, path } = await subscribe({ channel: [{ name: 'max-count', value: 1 }] });
    const other = new FhirClient(app, await app.asSystem('system/*.*', { clientId: 'another' }));
    const hospitalIt = new RestClient(app, await app.as('hospital-it'));
    const webhookIds = (number: string): (string | undefined)[] =>
      receiver.at(path).filter(({ text }) => readNotification(text).events.some((event) => event.number === number)).map(({ headers }) => String(headers['webhook-id']));
    const nothing = await client.send<OperationOutcome>('POST', `/Subscription/${id}/$resend`);
    expect([nothing.status, nothing.body.issue[0]?.details?.coding?.[0]?.code]).toEqual([409, 'subscription.nothing-to-resend']);
    for (const [round, ask] of [
      () => client.send('POST', `/Subscription/${id}/$resend`),
      () => hospitalIt.post<{ events: number }>(`fhir-subscriptions/${id}/resending`, {}),
    ].entries()) {
      const [dead, next] = [String(2 * round + 1), String(2 * round + 2)];
      receiver.react = ({ path: asked }) => ({ status: asked === path ? 410 : 200 });
      await client.create(observation());
      await untilStatus(client, id, 'error');
      await client.create(observation());
      await eventually('the next event is recorded', async () => (await status(id)).eventsSinceStart === next);
      const before = webhookIds(dead);
      receiver.react = () => ({ status: 200 });
      expect((await other.send('POST', `/Subscription/${id}/$resend`)).status).toBe(404);
      expect(await ask()).toMatchObject({ status: 200 });
      await eventually('both are delivered', () => numbersAt(path).at(-1) === next);
      expect(numbersAt(path).slice(-2)).toEqual([dead, next]);
      expect(webhookIds(dead)).toEqual([...before, before[0]]);
      expect(readNotification((await client.get(`/Subscription/${id}/$events`)).text).errors ?? []).toEqual([]);
      await untilStatus(client, id, 'active');
    }
    expect((await client.send('POST', `/Subscription/${id}/$resend`)).status).toBe(409);
    expect((await new RestClient(app, await app.as('coordinator')).post(`fhir-subscriptions/${id}/resending`, {})).status).toBe(403);
  });

  it('gets nothing before its handshake, is in error when that fails, and is turned off when nobody mends it', async () => {
    const path = `/hook-${++paths}`;
    receiver.react = ({ path: asked }) => ({ status: asked === path ? 410 : 200 });
    const id = await client.create(topicSubscription(wishFor(path)));
    const { error } = await untilStatus(client, id, 'error');
    expect(error).toBe('Given up after 1 try. The endpoint says that it is gone (410).');
    await client.create(observation());
    expect(numbersAt(path)).toEqual([]);
    await app.advance(31 * DAY);
    await untilStatus(client, id, 'off');
  });

  it('is not followed elsewhere, and not waited for longer than it said', async () => {
    const elsewhere = await WebhookReceiver.start();
    const { id, path } = await subscribe({ channel: [{ name: 'timeout', value: 1 }] });
    receiver.react = ({ path: asked }) => (asked === path ? { status: 307, headers: { location: `${elsewhere.url}/` } } : { status: 200 });
    await client.create(observation());
    await eventually('it failed', async () => (await row(id)).attempts === 1);
    expect((await status(id)).errors).toEqual(['The endpoint leads elsewhere (307), and redirects are not followed. Name the address it leads to.']);
    receiver.react = ({ path: asked }) => (asked === path ? 'silence' : { status: 200 });
    await app.advance(5 * MINUTE);
    await eventually('it failed again', async () => (await row(id)).attempts === 2);
    expect((await status(id)).errors).toEqual(['No answer came in time.']);
    expect(elsewhere.arrivals).toEqual([]);
    await elsewhere.stop();
  });
});

describe('a worker that is killed while it sends', () => {
  it('loses nothing, keeps the order, and repeats under the same numbers', async () => {
    const app = await startTestApp();
    const receiver = await WebhookReceiver.start();
    const environment = { ...testEnvironment(app.database), PUBLIC_URL: app.url, PORT: '0' };
    const workers: CairnProcess[] = [];
    const start = async (): Promise<CairnProcess> => {
      const worker = new CairnProcess('worker', environment);
      workers.push(worker);
      await worker.start();
      return worker;
    };
    const owner = new pg.Client({ connectionString: app.database.ownerUrl });
    await owner.connect();
    try {
      const client = new FhirClient(app, await app.asSystem('system/*.*', { clientId: 'hospital' }));
      const anna = await client.create({ resourceType: 'Patient', name: [{ family: 'Eastwood' }] });
      const doomed = await start();
      const id = await client.create(topicSubscription({ topic: `${app.url}/fhir/SubscriptionTopic/observation-added`, endpoint: `${receiver.url}/hook`, channel: [{ name: 'max-count', value: 2 }] }));
      await untilStatus(client, id, 'active');
      receiver.react = () => 'silence';
      const make = () => client.create({ resourceType: 'Observation', status: 'final', code: { text: 'Pain' }, subject: { reference: `Patient/${anna}` } });
      const made = [await make()];
      await receiver.waitFor('/hook', 2);
      await doomed.kill();
      // What is written while no worker runs waits as well.
      for (let n = 0; n < 4; n++) made.push(await make());
      receiver.react = () => ({ status: 200 });
      // Nobody waits a minute in a test: the lease of what the dead worker held ends now.
      await owner.query('update fhir_subscription set claimed_until = now()');
      await start();
      await eventually('all is delivered', async () => (await owner.query('select 1 from fhir_subscription where delivered = 5')).rowCount === 1, 40_000);
      const told = receiver.at('/hook').slice(1).map(({ text, headers }) => ({ ...readNotification(text), message: headers['webhook-id'] }));
      const [lost, repeated] = told;
      expect(repeated?.events).toEqual(lost?.events);
      expect(repeated?.message).toBe(lost?.message);
      const received = told.slice(1).flatMap(({ events }) => events);
      expect(received.map(({ number }) => number)).toEqual(['1', '2', '3', '4', '5']);
      expect(received.map(({ focus }) => focus)).toEqual(made.map((each) => `${app.url}/fhir/Observation/${each}`));
    } finally {
      await Promise.all(workers.map((worker) => worker.kill()));
      await owner.end();
      await app.stop();
      await receiver.stop();
    }
  });
});
