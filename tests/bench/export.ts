import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { to as copyTo } from 'pg-copy-streams';
import type { Instance } from './instance.js';
import { row, type Row } from './report.js';

/** How much memory the worker may take for it, in megabytes, however much there is to export. */
const MEMORY_LIMIT = 300;
const LOOK_EVERY_MS = 50;

interface Manifest {
  readonly output: readonly { readonly count: number }[];
}

/**
 * A whole clinic's export by the worker, from the order to the manifest, beside PostgreSQL's own COPY of the same bodies to a client that throws them away; and the
 * most memory that the worker held meanwhile.
 */
export async function exportBench(instance: Instance): Promise<Row[]> {
  const bare = await copied(instance);
  const began = performance.now();
  const { exported, memory } = await exportAll(instance);
  const seconds = (performance.now() - began) / 1000;
  return [row('export: all of a clinic', exported / seconds, 'resources/s', bare), row('export: memory of the worker', memory, 'MB', MEMORY_LIMIT)];
}

async function exportAll({ api, authorization, workerPid }: Instance): Promise<{ exported: number; memory: number }> {
  const ask = (url: string, headers: Record<string, string> = {}): Promise<Response> => fetch(url, { headers: { authorization, ...headers } });
  const ordered = await ask(`${api}/fhir/$export`, { prefer: 'respond-async', accept: 'application/fhir+json' });
  const status = ordered.headers.get('content-location');
  if (ordered.status !== 202 || status === null) throw new Error(`The order was answered ${ordered.status}: ${await ordered.text()}`);
  let memory = 0;
  for (;;) {
    memory = Math.max(memory, residentMegabytes(workerPid));
    const answer = await ask(status);
    if (answer.status === 200) {
      const { output } = (await answer.json()) as Manifest;
      return { exported: output.reduce((sum, { count }) => sum + count, 0), memory };
    }
    if (answer.status !== 202) throw new Error(`The export was answered ${answer.status}: ${await answer.text()}`);
    await answer.arrayBuffer();
    await pause(LOOK_EVERY_MS);
  }
}

const residentMegabytes = (pid: number): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

/** Resources a second that COPY brings. */
async function copied({ owner, clinicId }: Instance): Promise<number> {
  const began = performance.now();
  const stream = owner.query(copyTo(`copy (select body from fhir_resource where clinic_id = '${clinicId}' and method <> 'DELETE') to stdout`));
  for await (const chunk of stream) void chunk;
  return stream.rowCount / ((performance.now() - began) / 1000);
}
