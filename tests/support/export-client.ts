import type { Observation, Resource } from '@medplum/fhirtypes';
import type pg from 'pg';
import { eventually } from './eventually.js';
import type { FhirClient } from './fhir-client.js';

/** The manifest of a complete export (Bulk Data Access IG 2.0, export.html). */
export interface Manifest {
  readonly transactionTime: string;
  readonly request: string;
  readonly requiresAccessToken: boolean;
  readonly output: readonly { readonly type: string; readonly url: string; readonly count: number; readonly extension?: object }[];
  readonly error: readonly object[];
  readonly extension?: object;
}

const ASYNC = { prefer: 'respond-async' };

/** The path below /fhir of an address that Cairn gave. */
export const pathOf = (url: string): string => url.replace(/^.*?\/fhir\//, '/');

/** Asks for an export and returns the path of its status. */
export async function kickOff(client: FhirClient, path: string): Promise<string> {
  const { status, text, headers } = await client.get(path, ASYNC);
  if (status !== 202) throw new Error(`${status}: ${text}`);
  return pathOf(headers.get('content-location') ?? '');
}

/** Waits until the export is complete. */
export const complete = (client: FhirClient, status: string, limitMs = 30_000): Promise<Manifest> =>
  eventually('the export is complete', async () => {
    const reply = await client.get<Resource>(status);
    return reply.status === 200 ? (JSON.parse(reply.text) as Manifest) : undefined;
  }, limitMs);

/** Every line of every file of an export, as text. */
export async function linesOf(client: FhirClient, { output }: Manifest): Promise<string[]> {
  const lines: string[] = [];
  for (const { url, count } of output) {
    const response = await fetch(url, { headers: { authorization: client.authorization } });
    if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
    const own = (await response.text()).split('\n').filter((line) => line !== '');
    if (own.length !== count) throw new Error(`The manifest says ${count}, the file has ${own.length}.`);
    lines.push(...own);
  }
  return lines;
}

/** Asks for an export, waits for it, and returns the names of what is in it. */
export async function exported(client: FhirClient, path: string): Promise<string[]> {
  const lines = await linesOf(client, await complete(client, await kickOff(client, path)));
  return lines.map((line) => JSON.parse(line) as Resource).map(({ resourceType, id }) => `${resourceType}/${id}`);
}

/** A patient's pain score, as much of it as exports need. */
export const painScore = (patient: string, more: Partial<Observation> = {}): Observation => ({
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '72514-3' }] },
  subject: { reference: `Patient/${patient}` },
  ...more,
});

/** How many parts of the export at this status are stored. */
export async function partsLeft(owner: pg.Client, status: string): Promise<number> {
  const { rows } = await owner.query<{ n: number }>('select count(*)::int as n from fhir_export_chunk where export_id = $1', [status.split('/').at(-1)]);
  return rows[0]?.n ?? 0;
}
