import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIG, type Config } from '../config/config.js';
import { Agent, request, type Dispatcher } from 'undici';
import { PrivateAddress, guardedLookup, safeUrl, type AddressRules } from './address-guard.js';
import limits from './http-limits.json' with { type: 'json' };

export interface OutsideRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Seconds within which the whole answer must be there; never more than for all calls. */
  readonly seconds?: number;
}

/** What an outside system answered. Header names are in lower case. */
export interface OutsideAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
}

/** Why there was no answer: the address is refused, nobody is there, the time ran out, the connection was cut, the answer is too long. */
export type FailureReason = 'address-refused' | 'unreachable' | 'time-out' | 'cut' | 'too-large';

/** No answer came. Whether the request was carried out is not known, except when nobody was there. Its message quotes no content. */
export class OutsideFailure extends Error {
  constructor(
    readonly reason: FailureReason,
    message: string,
    cause?: unknown,
  ) {
    super(message, { cause });
    this.name = 'OutsideFailure';
  }
}

const REDIRECTS = [301, 302, 303, 307, 308];

/** Calls systems outside the house, within limits: checked addresses, bounded time and size, no redirect to another host. */
@Injectable()
export class OutsideHttp implements OnApplicationShutdown {
  readonly #rules: AddressRules;
  readonly #agent: Agent;

  constructor(@Inject(CONFIG) config: Config) {
    const demo = config.CAIRN_MODE === 'demo';
    this.#rules = { allowHttp: demo, allowPrivate: demo || config.ALLOW_PRIVATE_EHR_HOSTS };
    this.#agent = new Agent({
      connect: { lookup: guardedLookup(this.#rules), timeout: limits.connectMs },
      headersTimeout: limits.answerMs,
      bodyTimeout: limits.answerMs,
      maxResponseSize: limits.answerBytes,
      connections: limits.connectionsPerHost,
    });
  }

  /** Refuses an address that Cairn may not call; `field` is named in the error. Returns it parsed. */
  checkUrl(text: string, field: string): URL {
    return safeUrl(text, this.#rules, field);
  }

  /**
   * Sends one request and returns the answer, whatever its status. A GET follows redirects within the same origin; any other redirect is
   * returned as it is. Throws {@link OutsideFailure} when there is no answer.
   */
  async send(asked: OutsideRequest): Promise<OutsideAnswer> {
    let target = this.#checked(asked.url);
    for (let hops = 0; ; hops++) {
      const answer = await this.#once(target, asked);
      const location = answer.headers['location'];
      if (asked.method !== 'GET' || !REDIRECTS.includes(answer.status) || !location || hops >= limits.redirects) return answer;
      const next = new URL(location, target);
      if (next.origin !== target.origin) return answer;
      target = next;
    }
  }

  /** Lets calls under way end. */
  async onApplicationShutdown(): Promise<void> {
    await this.#agent.close();
  }

  #checked(text: string): URL {
    try {
      return this.checkUrl(text, 'url');
    } catch (error) {
      throw new OutsideFailure('address-refused', error instanceof Error ? error.message : 'The address is refused.', error);
    }
  }

  async #once(url: URL, { method, headers, body, seconds }: OutsideRequest): Promise<OutsideAnswer> {
    try {
      const response = await request(url, {
        method,
        headers: { 'accept-encoding': 'identity', ...headers },
        ...(body === undefined ? {} : { body }),
        dispatcher: this.#agent,
        signal: AbortSignal.timeout(Math.min(limits.wholeMs, seconds === undefined ? limits.wholeMs : seconds * 1000)),
      });
      return { status: response.statusCode, headers: single(response.headers), text: await response.body.text() };
    } catch (error) {
      throw failure(error);
    }
  }
}

const single = (headers: Dispatcher.ResponseData['headers']): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]));

const codeOf = (error: unknown): string => (typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '');

const NOBODY = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'];
const LATE = ['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT'];

function failure(error: unknown): OutsideFailure {
  const cause: unknown = error instanceof AggregateError ? error.errors[0] : error;
  if (cause instanceof PrivateAddress) return new OutsideFailure('address-refused', cause.message, cause);
  const code = codeOf(cause);
  if (NOBODY.includes(code)) return new OutsideFailure('unreachable', `Nobody answers at this address (${code}).`, cause);
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') return new OutsideFailure('too-large', `The answer is over ${limits.answerBytes} bytes.`, cause);
  if (LATE.includes(code) || (cause instanceof DOMException && cause.name === 'TimeoutError')) {
    return new OutsideFailure('time-out', 'No answer came in time.', cause);
  }
  if (/CERT|TLS|SSL|SELF_SIGNED/.test(code)) return new OutsideFailure('unreachable', `The certificate of this address is not trusted (${code}).`, cause);
  return new OutsideFailure('cut', `The connection ended without an answer (${code || 'unknown reason'}).`, cause);
}
