import { setTimeout as delay } from 'node:timers/promises';
import { Feed } from '../shared/feed.js';
import { signatureHeaders } from './signature.js';

/** One attempt to reach a webhook: the status it answered, or `unreached`. */
export interface WebhookAttempt {
  at: string;
  url: string;
  payload: object;
  attempt: number;
  status: number | 'unreached';
}

const ATTEMPTS = 6;
const FIRST_PAUSE_MS = 250;

/** Calls the webhooks of the gateway's customer, signed, and again when they do not answer 2xx: after 0.25 s, 0.5 s, 1 s … */
export class Webhooks {
  readonly attempts = new Feed<WebhookAttempt>();
  private readonly stopping = new AbortController();

  constructor(private readonly secret: string) {}

  /** Returns whether the webhook took the payload, at the latest after six attempts. */
  async call(url: string, payload: object): Promise<boolean> {
    const body = JSON.stringify(payload);
    for (let attempt = 1; attempt <= ATTEMPTS && !this.stopping.signal.aborted; attempt += 1) {
      const status = await this.post(url, body);
      this.attempts.add({ at: new Date().toISOString(), url, payload, attempt, status });
      if (status !== 'unreached' && status >= 200 && status < 300) return true;
      await this.pause(FIRST_PAUSE_MS * 2 ** (attempt - 1));
    }
    return false;
  }

  /** Gives up what is under way. */
  stop(): void {
    this.stopping.abort();
  }

  private async post(url: string, body: string): Promise<number | 'unreached'> {
    const headers = { 'content-type': 'application/json', ...signatureHeaders(this.secret, body, new Date()) };
    try {
      const response = await fetch(url, { method: 'POST', headers, body, signal: this.stopping.signal });
      await response.body?.cancel();
      return response.status;
    } catch {
      return 'unreached';
    }
  }

  private async pause(milliseconds: number): Promise<void> {
    await delay(milliseconds, undefined, { signal: this.stopping.signal, ref: false }).catch(() => undefined);
  }
}
