import { build } from './lib/build.mjs';
import { say } from './lib/messages.mjs';
import { main } from './lib/node.mjs';
import { withOwnInstance } from './lib/own-instance.mjs';
import { entryPoints } from './lib/paths.mjs';
import { runToEnd } from './lib/processes.mjs';
import { stopRequests } from './lib/signals.mjs';

/** Tells the whole journey on an instance of its own. Arguments go to the demo: `npm run demo -- --patients <folder>`. */
await main(import.meta.url, async () => {
  await build();
  say('Starting a Cairn for this demo …');
  return withOwnInstance('demo', async ({ runFile }) => {
    const { code } = await runToEnd(entryPoints.demo, process.argv.slice(2), {
      env: { ...process.env, CAIRN_RUN_FILE: runFile },
      stopping: stopRequests().stopping,
      // Folders are named from where the command was given.
      cwd: process.env.INIT_CWD,
      show: true,
    });
    return code;
  });
});
