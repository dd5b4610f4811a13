import { cairnScope, type Tx } from '@cairn/platform';
import type { Bundle, Observation, Parameters } from '@medplum/fhirtypes';
import pg from 'pg';
import { startTestApp, type TestApp } from './app.js';
import { eventually } from './eventually.js';
import { FhirClient } from './fhir-client.js';
import { topicSubscription, untilStatus, type SubscriptionWish } from './subscribing.js';
import { WebhookReceiver, readNotification, readStatus, type Notification } from './webhook-receiver.js';

export const EAST = '11111111-1111-4111-8111-111111111111';
export const WEST = '22222222-2222-4222-8222-222222222222';
export const MINUTE = 60_000;

/** Cairn with a worker, two hospitals' systems and one of the clinic's own, and a web server that takes their notifications. */
export class SubscriptionWorld {
  #paths = 0;

  private constructor(
    readonly app: TestApp,
    readonly receiver: WebhookReceiver,
    /** Statements of an operator: what a test must see that no interface offers. */
    readonly owner: pg.Client,
    readonly east: FhirClient,
    readonly west: FhirClient,
    readonly clinic: FhirClient,
    /** A patient of the eastern hospital. */
    readonly anna: string,
  ) {}

  static async start(): Promise<SubscriptionWorld> {
    const app = await startTestApp({ worker: true, environment: { FHIR_SUBSCRIPTION_ATTEMPTS: '3' } });
    const client = async (clientId: string, connectionId?: string) => new FhirClient(app, await app.asSystem('system/*.*', { clientId, ...(connectionId ? { connectionId } : {}) }));
    const east = await client('east', EAST);
    const owner = new pg.Client({ connectionString: app.database.ownerUrl });
    await owner.connect();
    const anna = await east.create({ resourceType: 'Patient', name: [{ family: 'Eastwood' }] });
    return new SubscriptionWorld(app, await WebhookReceiver.start(), owner, east, await client('west', WEST), await client('clinic-wide'), anna);
  }

  async stop(): Promise<void> {
    await this.owner.end();
    await this.app.stop();
    await this.receiver.stop();
  }

  asCairn = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => this.app.transactions.run(cairnScope(this.app.clinicId, 'test', 'test-correlation'), work);

  topic = (name: string): string => `${this.app.url}/fhir/SubscriptionTopic/${name}`;

  observation = (patient: string, code = '72514-3', value = 7): Observation => ({
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code }] },
    subject: { reference: `Patient/${patient}` },
    valueQuantity: { value },
  });

  /** Subscribes, waits for the handshake, and returns where notifications arrive. */
  async subscribe(client: FhirClient, wish: Partial<SubscriptionWish> = {}): Promise<{ readonly id: string; readonly path: string }> {
    const path = `/hook-${++this.#paths}`;
    const id = await client.create(topicSubscription({ topic: this.topic('observation-added'), endpoint: this.receiver.url + path, ...wish }));
    await untilStatus(client, id, 'active');
    return { id, path };
  }

  /** The notifications of events at a path, once so many have come. */
  notified = async (path: string, count: number): Promise<Notification[]> =>
    eventually(`${count} notifications of events at ${path}`, () => {
      const all = this.receiver.at(path).map(({ text }) => readNotification(text)).filter(({ type }) => type === 'event-notification');
      return all.length >= count ? all : undefined;
    });

  events = (client: FhirClient, id: string, query = ''): Promise<Notification> => client.get(`/Subscription/${id}/$events${query}`).then(({ text }) => readNotification(text));

  status = (client: FhirClient, id: string): Promise<Omit<Notification, 'bundle'>> =>
    client.get<Bundle<Parameters>>(`/Subscription/${id}/$status`).then(({ body }) => readStatus(body.entry?.[0]?.resource as Parameters));
}

/** The numbers of the events that were told, in the order in which they came. */
export const numbers = (notifications: readonly Notification[]): string[] => notifications.flatMap(({ events }) => events.map(({ number }) => number));
