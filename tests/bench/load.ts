import autocannon from 'autocannon';

export interface Load {
  readonly url: string;
  readonly authorization?: string;
  /** The requests, taken in turn by all connections together. */
  readonly requests: readonly Request[];
  readonly connections?: number;
  readonly seconds?: number;
}

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly body?: string;
}

/** Sends load for a while and returns answers per second. Throws when any answer was not a 2xx: a bench of refusals measures nothing. */
export async function answersPerSecond({ url, authorization, requests, connections = 16, seconds = 4 }: Load): Promise<number> {
  let turn = 0;
  const next = (): Request => requests[turn++ % requests.length] as Request;
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    headers: { ...(authorization ? { authorization } : {}), accept: 'application/fhir+json' },
    requests: [
      {
        setupRequest: (request) => {
          const { method, path, body } = next();
          return { ...request, method, path, ...(body === undefined ? {} : { body, headers: { ...request.headers, 'content-type': 'application/fhir+json' } }) };
        },
      },
    ],
  });
  if (result.non2xx > 0 || result.errors > 0) {
    throw new Error(`${requests[0]?.method} ${requests[0]?.path}: ${result.non2xx} refusals and ${result.errors} errors among ${result['2xx']} answers.`);
  }
  return result['2xx'] / result.duration;
}
