/** What came back from a request. */
export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** Told when a party got another answer than it counted on. */
export class UnexpectedAnswer extends Error {
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
