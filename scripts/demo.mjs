import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './lib/build.mjs';
import { exists } from './lib/files.mjs';
import { say, Trouble } from './lib/messages.mjs';
import { main } from './lib/node.mjs';
import { withOwnInstance } from './lib/own-instance.mjs';
import { programs } from './lib/paths.mjs';
import { runToEnd } from './lib/processes.mjs';
import { stopRequests } from './lib/signals.mjs';

const args = process.argv.slice(2);

/** Tells the whole journey on an instance of its own. Arguments go to the demo: `npm run demo -- --patients <folder>`. */
await main(import.meta.url, async () => {
  const settings = await patientsOfTheHospital();
  await build();
  say('Starting a Cairn for this demo …');
  return withOwnInstance('demo', settings, async ({ runFile }) => {
    const env = { ...process.env, CAIRN_RUN_FILE: runFile };
    const { code } = await runToEnd(programs.demo, args, { env, stopping: stopRequests().stopping, show: true });
    return code;
  });
});

/**
 * The hospital admits its patients when it opens, so their folder is told to the sandbox. It is named from where the
 * command was given.
 *
 * @returns {Promise<Record<string, string>>}
 */
async function patientsOfTheHospital() {
  const { values } = parseArgs({ args, options: { patients: { type: 'string' } }, strict: false });
  if (typeof values.patients !== 'string') return {};
  const folder = resolve(process.env.INIT_CWD ?? '.', values.patients);
  if (await exists(folder)) return { SANDBOX_PATIENTS: folder };
  throw new Trouble(`There is no folder ${folder}.`, 'Name a folder of FHIR R4 transaction Bundles, or leave --patients out.');
}
