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
  readonly #abort: AbortController;

  private constructor(body: ReadableStream<Uint8Array>, abort: AbortController) {
    this.#abort = abort;
    this.ended = this.#read(body).catch(() => undefined);
  }

  /** Opens the worklist's stream. Fails the test unless it is answered as one. */
  static async open(app: Pick<TestApp, 'url'>, authorization: string, lastId?: string): Promise<EventStream> {
    const abort = new AbortController();
    const response = await fetch(`${app.url}/api/v1/referrals/events`, { headers: { authorization, ...(lastId ? { 'last-event-id': lastId } : {}) }, signal: abort.signal });
    if (response.status !== 200 || !response.body || response.headers.get('content-type') !== 'text/event-stream') throw new Error(`The stream was answered ${response.status}.`);
    return new EventStream(response.body, abort);
  }

  close(): void {
    this.#abort.abort();
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    let text = '';
    for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const fields = Object.fromEntries(block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
        if (fields['event']) this.events.push({ id: fields['id'] ?? '', event: fields['event'], data: JSON.parse(fields['data'] ?? '{}') as StreamEvent['data'] });
      }
    }
  }
}
