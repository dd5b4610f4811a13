import type { Bundle, Resource } from '@medplum/fhirtypes';
import type { TestApp } from './app.js';

/** An answer of /fhir, with its body both as it came and as it reads. */
export interface FhirReply<T = Resource> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: T;
}

/** Requests to /fhir as one caller. Bodies may be given as text, so that a test sees exactly what is sent. */
export class FhirClient {
  constructor(
    private readonly app: Pick<TestApp, 'url'>,
    readonly authorization: string,
  ) {}

  async send<T = Resource>(method: string, path: string, body?: object | string | Buffer, headers: Record<string, string> = {}): Promise<FhirReply<T>> {
    const payload = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    const response = await fetch(`${this.app.url}/fhir${path}`, {
      method,
      headers: { authorization: this.authorization, accept: 'application/fhir+json', ...(payload === undefined ? {} : { 'content-type': 'application/fhir+json' }), ...headers },
      ...(payload === undefined ? {} : { body: typeof payload === 'string' ? payload : new Uint8Array(payload) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: (text === '' ? {} : JSON.parse(text)) as T };
  }

  get = <T = Resource>(path: string, headers?: Record<string, string>) => this.send<T>('GET', path, undefined, headers);
  post = <T = Resource>(path: string, body: object | string | Buffer, headers?: Record<string, string>) => this.send<T>('POST', path, body, headers);
  put = <T = Resource>(path: string, body: object | string | Buffer, headers?: Record<string, string>) => this.send<T>('PUT', path, body, headers);
  delete = <T = Resource>(path: string, headers?: Record<string, string>) => this.send<T>('DELETE', path, undefined, headers);

  /** Creates a resource and returns its id. Fails the test unless it was created. */
  async create(resource: Resource): Promise<string> {
    const reply = await this.post(`/${resource.resourceType}`, resource);
    if (reply.status !== 201 || !reply.body.id) throw new Error(`${reply.status}: ${reply.text}`);
    return reply.body.id;
  }

  /** Ids of the matches of a search, over all pages. */
  async ids(path: string): Promise<string[]> {
    const ids: string[] = [];
    let next: string | undefined = path;
    while (next !== undefined) {
      const reply: FhirReply<Bundle> = await this.get<Bundle>(next);
      if (reply.status !== 200) throw new Error(`${reply.status}: ${reply.text}`);
      for (const { resource, search } of reply.body.entry ?? []) if (search?.mode === 'match') ids.push(resource?.id ?? '');
      next = reply.body.link?.find(({ relation }) => relation === 'next')?.url.replace(/^.*\/fhir/, '');
    }
    return ids;
  }
}
