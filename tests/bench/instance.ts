import { execFile, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import type { BareOrders } from './bare-server.js';

const built = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** The running instance that is measured. */
export interface Instance {
  readonly api: string;
  readonly environment: Record<string, string>;
  readonly clinicId: string;
  /** Connected as the schema's owner: seeds and looks, is never measured. */
  readonly owner: pg.Client;
  /** The worker's process number. */
  readonly workerPid: number;
  /** `Authorization` header value of a demo client that sees all patients of the demo clinic. */
  readonly authorization: string;
}

/** Finds the instance that `npm run bench` started for this run. */
export async function findInstance(): Promise<Instance> {
  const file = process.env['CAIRN_RUN_FILE'];
  if (!file) throw new Error('CAIRN_RUN_FILE is missing: run this with npm run bench.');
  const run = JSON.parse(await readFile(file, 'utf8')) as { addresses: { api: string }; pids: { worker: number }; env: Record<string, string> };
  const owner = new pg.Client({ connectionString: run.env['DATABASE_OWNER_URL'] });
  await owner.connect();
  const { rows } = await owner.query<{ id: string }>(`select id from clinic where slug = 'demo'`);
  return { api: run.addresses.api, environment: run.env, clinicId: rows[0]?.id ?? '', owner, workerPid: run.pids.worker, authorization: await token(run.env, '--scope', 'system/*.cruds') };
}

/** `Authorization` header value of the demo user with this role. */
export const personToken = ({ environment }: Instance, role: string): Promise<string> => token(environment, '--role', role);

async function token(environment: Record<string, string>, ...what: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [built('apps/cli/src/main.js'), 'token', ...what], { env: { ...process.env, ...environment } });
  return `Bearer ${stdout.trim()}`;
}

/** Starts the bare server with these statements, on the database of the instance, as the schema's owner (no row-level security). */
export async function startBareServer(instance: Instance, routes: BareOrders['routes']): Promise<{ url: string; stop(): void }> {
  const child: ChildProcess = fork(built('tests/bench/bare-server.js'));
  child.send({ databaseUrl: instance.environment['DATABASE_OWNER_URL'] ?? '', poolSize: 16, routes } satisfies BareOrders);
  const [{ url }] = (await once(child, 'message')) as [{ url: string }];
  return { url, stop: () => child.kill() };
}
