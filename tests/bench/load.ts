import { setTimeout as pause } from 'node:timers/promises';
import autocannon from 'autocannon';
import { Pool } from 'undici';

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

export interface Arrivals {
  readonly url: string;
  readonly authorization: string;
  readonly path: string;
  /** Requests that arrive each second, whatever becomes of those before. */
  readonly perSecond: number;
  readonly seconds: number;
}

const WARM_UP = 40;

/**
 * The 95th percentile, in milliseconds, of the time from the moment a request was due until its answer was read. Throws when any answer was not a 2xx.
 */
export async function latencyAtRate({ url, authorization, path, perSecond, seconds }: Arrivals): Promise<number> {
  const pool = new Pool(url, { connections: 64 });
  const once = async (): Promise<void> => {
    const { statusCode, body } = await pool.request({ method: 'GET', path, headers: { authorization } });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`${path}: ${statusCode} ${text.slice(0, 300)}`);
  };
  try {
    for (let number = 0; number < WARM_UP; number += 8) await Promise.all(Array.from({ length: 8 }, once));
    const begin = performance.now();
    const times = await Promise.all(
      Array.from({ length: Math.round(perSecond * seconds) }, async (_, number) => {
        const due = (number * 1000) / perSecond;
        await pause(Math.max(0, begin + due - performance.now()));
        await once();
        return performance.now() - begin - due;
      }),
    );
    return times.sort((a, b) => a - b)[Math.ceil(times.length * 0.95) - 1] ?? NaN;
  } finally {
    await pool.close();
  }
}
