import autocannon from 'autocannon';

export interface Load {
  readonly url: string;
  readonly authorization?: string;
  readonly requests: Requests;
  readonly connections: number;
  readonly seconds: number;
}

/** Requests taken in turn by all connections together, or made one by one where each must be new. */
export type Requests = readonly Request[] | (() => Request);

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends load for a while and returns answers per second. Throws when any answer was not a 2xx: a bench of refusals measures nothing. */
export async function answersPerSecond({ url, authorization, requests, connections, seconds }: Load): Promise<number> {
  let turn = 0;
  const next = (): Request => (typeof requests === 'function' ? requests() : (requests[turn++ % requests.length] as Request));
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    headers: { ...(authorization ? { authorization } : {}), accept: 'application/fhir+json' },
    requests: [
      {
        setupRequest: (request) => {
          const { method, path, body, headers } = next();
          const type = body === undefined ? {} : { 'content-type': 'application/fhir+json' };
          return { ...request, method, path, ...(body === undefined ? {} : { body }), headers: { ...request.headers, ...type, ...headers } };
        },
      },
    ],
  });
  if (result.non2xx > 0 || result.errors > 0) {
    const { method, path } = next();
    throw new Error(`${method} ${path}: ${result.non2xx} refusals and ${result.errors} errors among ${result['2xx']} answers.`);
  }
  return result['2xx'] / result.duration;
}
