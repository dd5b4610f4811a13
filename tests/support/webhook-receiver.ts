import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Bundle, Parameters } from '@medplum/fhirtypes';
import { eventually } from './eventually.js';

/** A request that arrived at a {@link WebhookReceiver}. */
export interface Arrival {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** How a receiver answers: a status with headers, or not at all. */
export type Reaction = { readonly status: number; readonly headers?: Readonly<Record<string, string>> } | 'silence';

/** A hospital's endpoint for notifications: a real web server that keeps what arrives and answers as it is told. */
export class WebhookReceiver {
  readonly arrivals: Arrival[] = [];
  /** How it answers a request; 200 unless a test says otherwise. */
  react: (arrival: Arrival) => Reaction = () => ({ status: 200 });
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#take(request, response));
  }

  static async start(): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver();
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** What arrived at a path, oldest first. */
  at(path: string): Arrival[] {
    return this.arrivals.filter((arrival) => arrival.path === path);
  }

  /** Waits until so many requests have arrived at a path, and returns them. */
  async waitFor(path: string, count: number): Promise<Arrival[]> {
    return eventually(`${count} arrivals at ${path}`, () => (this.at(path).length >= count ? this.at(path) : undefined));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const arrival = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, text: Buffer.concat(chunks).toString('utf8') };
    this.arrivals.push(arrival);
    const reaction = this.react(arrival);
    if (reaction !== 'silence') response.writeHead(reaction.status, reaction.headers).end();
  }
}

/** What a notification says, taken apart. */
export interface Notification {
  readonly bundle: Bundle;
  readonly type: string;
  readonly status: string;
  readonly topic: string | undefined;
  readonly eventsSinceStart: string;
  readonly events: readonly { readonly number: string; readonly focus: string | undefined }[];
  readonly errors: readonly string[];
}

/** Reads a notification Bundle, or an answer in the form of one. */
export function readNotification(text: string): Notification {
  const bundle = JSON.parse(text) as Bundle;
  return { bundle, ...readStatus(bundle.entry?.[0]?.resource as Parameters) };
}

/** Reads the Parameters that stand for R5's SubscriptionStatus. */
export function readStatus({ parameter = [] }: Parameters): Omit<Notification, 'bundle'> {
  const named = (name: string) => parameter.find((each) => each.name === name);
  return {
    type: named('type')?.valueCode ?? '',
    status: named('status')?.valueCode ?? '',
    topic: named('topic')?.valueCanonical,
    eventsSinceStart: named('events-since-subscription-start')?.valueString ?? '',
    events: parameter
      .filter(({ name }) => name === 'notification-event')
      .map(({ part = [] }) => ({
        number: part.find(({ name }) => name === 'event-number')?.valueString ?? '',
        focus: part.find(({ name }) => name === 'focus')?.valueReference?.reference,
      })),
    errors: parameter.filter(({ name }) => name === 'error').map(({ valueCodeableConcept }) => valueCodeableConcept?.text ?? ''),
  };
}
