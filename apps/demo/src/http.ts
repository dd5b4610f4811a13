/** What came back from a request. */
export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** Told when a party got another answer than it counted on. */
class UnexpectedAnswer extends Error {
  constructor(
    readonly status: number,
    request: string,
    body: string,
  ) {
    super(`${request} was answered ${status}: ${body.slice(0, 1500)}`);
  }
}

type Json = Record<string, unknown> | readonly unknown[];

interface Options {
  readonly headers?: Record<string, string>;
  readonly ifMatch?: string;
}

const PATIENCE_MS = 30_000;
const MOST_TRIES = 5;

/** One party's way of speaking to a server: JSON, with its token. */
export class Caller {
  constructor(
    private readonly base: string,
    private readonly authorization?: string,
    private readonly type = 'application/json',
  ) {}

  /** The body of a GET that must succeed. */
  async get<T>(path: string): Promise<T> {
    return (await this.ask<T>('GET', path)).body;
  }

  async post<T>(path: string, body?: Json, options?: Options): Promise<Answer<T>> {
    return this.ask<T>('POST', path, body, options);
  }

  async put<T>(path: string, body?: Json, options?: Options): Promise<Answer<T>> {
    return this.ask<T>('PUT', path, body, options);
  }

  async delete<T>(path: string, options?: Options): Promise<Answer<T>> {
    return this.ask<T>('DELETE', path, undefined, options);
  }

  /**
   * Acts on a resource that this party has just read: names the version read as If-Match, and reads again when somebody was faster, as
   * anyone would. Returns what the act answered.
   */
  async act<T>(resource: string, act: string, body: Json = {}, method: 'POST' | 'PUT' = 'POST'): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      const { headers } = await this.ask('GET', resource);
      try {
        return (await this.ask<T>(method, `${resource}/${act}`, body, { ifMatch: headers.get('etag') ?? '' })).body;
      } catch (error) {
        if (!(error instanceof UnexpectedAnswer) || error.status !== 412 || tries === MOST_TRIES) throw error;
      }
    }
  }

  /** Any request; throws {@link UnexpectedAnswer} unless the answer is a 2xx. */
  async ask<T>(method: string, path: string, body?: Json, { headers, ifMatch }: Options = {}): Promise<Answer<T>> {
    const response = await fetch(`${this.base}${path}`, {
      method,
      headers: {
        accept: this.type,
        ...(this.authorization ? { authorization: this.authorization } : {}),
        ...(body === undefined ? {} : { 'content-type': this.type }),
        ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const text = await response.text();
    if (!response.ok) throw new UnexpectedAnswer(response.status, `${method} ${path}`, text);
    const parsed: unknown = text && /json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : text;
    return { status: response.status, headers: response.headers, body: parsed as T };
  }
}
