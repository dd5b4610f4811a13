import { build } from './lib/build.mjs';
import { sayOnStandardError, Trouble } from './lib/messages.mjs';
import { main } from './lib/node.mjs';
import { dataFolder, programs } from './lib/paths.mjs';
import { runToEnd } from './lib/processes.mjs';
import { readRun, runFile } from './lib/run-file.mjs';
import { stopRequests } from './lib/signals.mjs';

/** An operator command: on the running demo instance of this data folder, or on what the environment names. */
sayOnStandardError();
await main(import.meta.url, async () => {
  await build();
  const { stopping } = stopRequests();
  const args = process.argv.slice(2);
  const env = { ...process.env, ...(await instanceVariables(args)) };
  const { code } = await runToEnd(programs.cli, args, { env, stopping, show: true });
  return code;
});

/**
 * @param {string[]} args
 * @returns {Promise<Record<string, string>>}
 */
async function instanceVariables(args) {
  if (process.env.DATABASE_URL || process.env.DATABASE_OWNER_URL) return {};
  const run = await readRun(runFile(dataFolder()));
  if (run) return run.env;
  // Help is about what a demo instance offers too.
  if (args.length === 0 || args.some((arg) => ['help', '--help', '-h'].includes(arg))) return { CAIRN_MODE: 'demo' };
  throw new Trouble(
    `No Cairn runs on ${dataFolder()}.`,
    'Start it with npm start (in another terminal), or name a database: DATABASE_URL, DATABASE_OWNER_URL (docs/configuration.md).',
  );
}
