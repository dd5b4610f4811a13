import { build } from './lib/build.mjs';
import { sayOnStandardError, say } from './lib/messages.mjs';
import { main } from './lib/node.mjs';
import { withOwnInstance } from './lib/own-instance.mjs';
import { inProject } from './lib/paths.mjs';
import { runToEnd } from './lib/processes.mjs';
import { stopRequests } from './lib/signals.mjs';

/** Measures an instance of its own. Arguments go to the bench: `npm run bench -- --json`; its answer alone is on stdout. */
sayOnStandardError();
await main(import.meta.url, async () => {
  await build({ tests: true });
  say('Starting a Cairn for this bench …');
  return withOwnInstance('bench', {}, async ({ runFile }) => {
    const { code } = await runToEnd(inProject('dist/tests/bench/main.js'), process.argv.slice(2), {
      env: { ...process.env, CAIRN_RUN_FILE: runFile },
      stopping: stopRequests().stopping,
      show: true,
    });
    return code;
  }, { roomy: true, throwAway: false });
});
