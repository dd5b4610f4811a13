import { get, type IncomingMessage } from 'node:http';
import type { TestApp } from './app.js';

/** One event of the worklist's stream. */
export interface StreamEvent {
  readonly id: string;
  readonly event: string;
  readonly data: { readonly id?: string; readonly version?: number };
}

/** Reads server-sent events as they come. */
export class EventStream {
  readonly events: StreamEvent[] = [];
  /** Resolves when the server has ended the stream. */
  readonly ended: Promise<void>;
  readonly #response: IncomingMessage;

  private constructor(response: IncomingMessage) {
    this.#response = response;
    this.ended = this.#read(response).catch(() => undefined);
  }

  /** Opens the worklist's stream on a connection of its own. Fails the test unless it is answered as one. */
  static async open(app: Pick<TestApp, 'url'>, authorization: string, lastId?: string): Promise<EventStream> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      get(`${app.url}/api/v1/referrals/events`, { agent: false, headers: { authorization, ...(lastId ? { 'last-event-id': lastId } : {}) } }, resolve).on('error', reject);
    });
    if (response.statusCode !== 200 || response.headers['content-type'] !== 'text/event-stream') {
      response.destroy();
      throw new Error(`The stream was answered ${response.statusCode ?? 0}.`);
    }
    return new EventStream(response);
  }

  close(): void {
    this.#response.destroy();
  }

  async #read(body: IncomingMessage): Promise<void> {
    body.setEncoding('utf8');
    let text = '';
    for await (const chunk of body) {
      text += String(chunk);
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const fields = Object.fromEntries(block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
        if (fields['event']) this.events.push({ id: fields['id'] ?? '', event: fields['event'], data: JSON.parse(fields['data'] ?? '{}') as StreamEvent['data'] });
      }
    }
  }
}
