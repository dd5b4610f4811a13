import { readFile } from 'node:fs/promises';
import { signIn } from '../../sandbox/src/index.js';
import { eventually } from './eventually.js';
import { Caller } from './http.js';
import { walk } from './journey/journey.js';
import type { Addresses, StaffRole, World } from './journey/world.js';
import { Story } from './story.js';

interface Run {
  readonly addresses: Addresses;
  readonly pids: { readonly worker?: number };
}

/** The step after which the worker is killed: its news to the hospital is still under way then. */
const KILL_AFTER = 'plan';
/** A token of the identity provider is renewed well before it ends. */
const TOKEN_MS = 4 * 60_000;

const runFile = process.env['CAIRN_RUN_FILE'];
if (!runFile) throw new Error('CAIRN_RUN_FILE is missing: run this with npm run demo.');
const readRun = async (): Promise<Run> => JSON.parse(await readFile(runFile, 'utf8')) as Run;

const { addresses } = await readRun();
const signedIn = new Map<StaffRole, { readonly until: number; readonly caller: Caller }>();

const world: World = {
  addresses,
  staff: async (role) => {
    const known = signedIn.get(role);
    if (known && performance.now() < known.until) return known.caller;
    const token = await signIn({ issuer: addresses.oidc, role });
    const caller = new Caller(addresses.api, `Bearer ${token}`);
    signedIn.set(role, { until: performance.now() + TOKEN_MS, caller });
    return caller;
  },
  killWorker: async () => {
    const { worker } = (await readRun()).pids;
    if (worker === undefined) throw new Error('No worker is running.');
    process.kill(worker, 'SIGKILL');
    await eventually('another worker has taken its place', async () => {
      const { pids } = await readRun();
      return pids.worker !== undefined && pids.worker !== worker;
    });
  },
};

const story = new Story((line) => process.stdout.write(`${line}\n`));
try {
  await walk(world, story, {
    afterStep: async ({ name }) => {
      if (name !== KILL_AFTER) return;
      await world.killWorker();
      story.sees('Operator', 'the worker was killed (SIGKILL) with the news still under way; another took its place');
    },
  });
  process.stdout.write('\nEvery step was true.\n');
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  if (error instanceof Error && error.cause instanceof Error) process.stderr.write(`  ${error.cause.message}\n`);
  process.exitCode = 1;
}
