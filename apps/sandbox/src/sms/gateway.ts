import { randomUUID } from 'node:crypto';
import { FaultSwitch } from '../shared/fault-switch.js';
import { Feed } from '../shared/feed.js';
import { applyHttpFaults, faultControl, httpFaultSchema } from '../shared/http-faults.js';
import type { HttpFault } from '../shared/http-faults.js';
import { createHttpServer, listen } from '../shared/http-server.js';
import type { Listening } from '../shared/http-server.js';
import { phonePages } from './pages.js';
import { controlRoutes, messageRoutes } from './routes.js';
import { Webhooks } from './webhooks.js';

/** How the gateway is set up. */
export interface SmsOptions extends Listening {
  /** What its customer must send as bearer token. */
  token?: string | undefined;
  /** What webhooks are signed with. */
  webhookSecret?: string | undefined;
  /** Whether an `Idempotency-Key` seen before is answered with the message it made; off by default, like many real gateways. */
  honoursIdempotency?: boolean | undefined;
  /** Where replies from phones are posted. */
  inboundUrl?: string | undefined;
}

/** What a customer asks to be sent. */
export interface SmsOrder {
  to: string;
  from: string;
  body: string;
  callbackUrl?: string | undefined;
  reference?: string | undefined;
}

type DeliveryStatus = 'accepted' | 'sent' | 'delivered' | 'undelivered';

/** A text message on its way to a phone, or from one. */
export interface Sms extends SmsOrder {
  id: string;
  direction: 'to-phone' | 'from-phone';
  at: string;
  status: DeliveryStatus;
  idempotencyKey?: string | undefined;
}

/** How deliveries go, until it is changed. */
export interface Behaviour {
  /** What becomes of a message in the end; `silent` sends no callbacks at all. */
  outcome: 'delivered' | 'undelivered' | 'silent';
  /** Each callback twice. */
  duplicateCallbacks: boolean;
  /** `delivered` before `sent`. */
  callbacksOutOfOrder: boolean;
}

const MESSAGES_KEPT = 5_000;
const UNSET_SECRET = 'sandbox-sms-secret';
const UNSET_TOKEN = 'sandbox-sms-token';

/** A text-message gateway with phones that show what they got, and people who answer when they are told to. */
export class SmsGateway {
  readonly faults = new FaultSwitch<HttpFault>();
  /** All messages, both ways, oldest first. */
  readonly messages = new Feed<Sms>(MESSAGES_KEPT);
  readonly webhooks: Webhooks;
  readonly behaviour: Behaviour = { outcome: 'delivered', duplicateCallbacks: false, callbacksOutOfOrder: false };
  readonly token: string;
  honoursIdempotency: boolean;
  inboundUrl: string | undefined;
  url = '';
  private readonly byKey = new Map<string, Sms>();
  private readonly app = createHttpServer();

  constructor(private readonly options: SmsOptions) {
    this.token = options.token ?? UNSET_TOKEN;
    this.webhooks = new Webhooks(options.webhookSecret ?? UNSET_SECRET);
    this.honoursIdempotency = options.honoursIdempotency ?? false;
    this.inboundUrl = options.inboundUrl;
  }

  /** Starts listening. */
  async open(): Promise<void> {
    this.app.register(async (scope) => {
      applyHttpFaults(scope, this.faults, { error: 'The gateway is busy: try again later' });
      messageRoutes(scope, this);
    });
    this.app.register(async (scope) => controlRoutes(scope, this));
    this.app.register(async (scope) => phonePages(scope, this));
    faultControl(this.app, this.faults, httpFaultSchema);
    this.url = await listen(this.app, this.options);
  }

  /** Takes a message and sends it on its way; with a key that was seen and is honoured, returns the message it made then. */
  accept(order: SmsOrder, idempotencyKey: string | undefined): { message: Sms; replayed: boolean } {
    const earlier = this.honoursIdempotency && idempotencyKey !== undefined ? this.byKey.get(idempotencyKey) : undefined;
    if (earlier) return { message: earlier, replayed: true };
    const message: Sms = { ...order, id: randomUUID(), direction: 'to-phone', at: new Date().toISOString(), status: 'accepted', idempotencyKey };
    if (idempotencyKey !== undefined) this.byKey.set(idempotencyKey, message);
    this.messages.add(message);
    setImmediate(() => void this.deliver(message));
    return { message, replayed: false };
  }

  /** The messages to and from one phone, oldest first. */
  phone(number: string): Sms[] {
    return this.messages.all().filter((message) => (message.direction === 'to-phone' ? message.to : message.from) === number);
  }

  /** Returns the first message to a phone, kept or still to come, for which the predicate holds. */
  waitFor(predicate: (message: Sms) => boolean, timeoutMs?: number): Promise<Sms> {
    return this.messages.waitFor((message) => message.direction === 'to-phone' && predicate(message), timeoutMs);
  }

  /**
   * A person answers on their phone, to whoever wrote last. Returns the message and whether the customer's webhook took it.
   * Throws when nobody wrote to that phone yet, or no inbound webhook is configured.
   */
  async reply(number: string, body: string): Promise<{ message: Sms; taken: boolean }> {
    const last = this.phone(number).findLast((message) => message.direction === 'to-phone');
    if (!last) throw new Error(`Nobody wrote to ${number} yet, so there is nobody to answer`);
    if (!this.inboundUrl) throw new Error('No inbound webhook is configured: PUT /sandbox/inbound says where replies go');
    const message: Sms = { id: randomUUID(), direction: 'from-phone', from: number, to: last.from, body, at: new Date().toISOString(), status: 'delivered' };
    this.messages.add(message);
    const payload = { id: message.id, from: message.from, to: message.to, body, receivedAt: message.at };
    return { message, taken: await this.webhooks.call(this.inboundUrl, payload) };
  }

  async stop(): Promise<void> {
    this.webhooks.stop();
    this.faults.clear();
    await this.app.close();
  }

  private async deliver(message: Sms): Promise<void> {
    const { outcome, duplicateCallbacks, callbacksOutOfOrder } = this.behaviour;
    if (outcome === 'silent') return;
    message.status = outcome;
    if (!message.callbackUrl) return;
    const inOrder: DeliveryStatus[] = ['sent', outcome];
    const order = callbacksOutOfOrder ? inOrder.toReversed() : inOrder;
    for (const status of duplicateCallbacks ? order.flatMap((one) => [one, one]) : order) {
      const { id, reference, to } = message;
      await this.webhooks.call(message.callbackUrl, { id, reference, to, status, at: new Date().toISOString() });
    }
  }
}

/** Starts a text-message gateway. Rejects when its port is taken. */
export async function startSmsGateway(options: SmsOptions = {}): Promise<SmsGateway> {
  const gateway = new SmsGateway(options);
  await gateway.open();
  return gateway;
}
