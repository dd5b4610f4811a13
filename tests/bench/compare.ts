import type { Instance } from './instance.js';
import { answersPerSecond, type Request, type Requests } from './load.js';
import { row, type Row } from './report.js';

const ROUNDS = 8;

/** What is measured: requests below /fhir, and the same done by the bare server. */
export interface Comparison {
  readonly name: string;
  readonly ours: Requests;
  readonly bare: Requests;
  /** How many things one request stands for, such as the resources of a bundle; each is counted. */
  readonly each?: number;
  readonly unit?: string;
  readonly connections?: number;
  /** Length of a round, 1 where it isn't given: what takes long needs long rounds. */
  readonly seconds?: number;
}

/** Measures both in turn, in short rounds, so that whatever else the machine does falls on both alike. */
export async function compare({ api, authorization }: Instance, bareUrl: string, { name, ours, bare, each = 1, unit = 'req/s', connections = 16, seconds = 1 }: Comparison): Promise<Row> {
  const theirs = { url: bareUrl, requests: bare, connections };
  const own = { url: api, authorization, requests: belowFhir(ours), connections };
  await answersPerSecond({ ...own, seconds });
  await answersPerSecond({ ...theirs, seconds });
  let value = 0;
  let limit = 0;
  for (let round = 0; round < ROUNDS; round++) {
    value += (await answersPerSecond({ ...own, seconds })) / ROUNDS;
    limit += (await answersPerSecond({ ...theirs, seconds })) / ROUNDS;
  }
  return row(name, value * each, unit, limit * each);
}

const belowFhir = (requests: Requests): Requests =>
  typeof requests === 'function' ? () => atFhir(requests()) : requests.map(atFhir);

const atFhir = (request: Request): Request => ({ ...request, path: request.path === '/' ? '/fhir' : `/fhir${request.path}` });
