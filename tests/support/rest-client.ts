import type { TestApp } from './app.js';

/** An answer of /api/v1. `body` is what the test says it is. */
export interface RestReply<Body> {
  readonly status: number;
  readonly etag: string | undefined;
  readonly body: Body;
}

/** A refusal of /api/v1, as RFC 9457 has it. */
export interface Refusal {
  readonly code: string;
  readonly errors?: readonly { readonly field: string }[];
}

/** Requests to /api/v1 as one caller. */
export class RestClient {
  constructor(
    private readonly app: Pick<TestApp, 'url'>,
    private readonly authorization: string | undefined,
  ) {}

  get = <Body>(path: string): Promise<RestReply<Body>> => this.#call('GET', path);
  put = <Body>(path: string, body: object, ifMatch?: string): Promise<RestReply<Body>> => this.#call('PUT', path, body, ifMatch);
  post = <Body>(path: string, body: object, ifMatch?: string): Promise<RestReply<Body>> => this.#call('POST', path, body, ifMatch);

  /** What stands at the path. Fails the test unless it is there. */
  async read<Body>(path: string): Promise<Body> {
    const { status, body } = await this.get<Body>(path);
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  async #call<Body>(method: string, path: string, body?: object, ifMatch?: string): Promise<RestReply<Body>> {
    const response = await fetch(`${this.app.url}/api/v1/${path}`, {
      method,
      headers: {
        ...(this.authorization === undefined ? {} : { authorization: this.authorization }),
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    return { status: response.status, etag: response.headers.get('etag') ?? undefined, body: (text === '' ? {} : JSON.parse(text)) as Body };
  }
}
