import { availableParallelism } from 'node:os';
import { say } from './lib/messages.mjs';
import { main } from './lib/node.mjs';
import { inProject } from './lib/paths.mjs';
import { runToEnd } from './lib/processes.mjs';
import { stopRequests } from './lib/signals.mjs';

const jest = 'node_modules/jest/bin/jest.js';
/** Written in Go, and three times as fast. The check of boundaries needs the one before it, which is written in JavaScript. */
const typescript = 'node_modules/typescript-7/bin/tsc';

/** What a change must pass before it is shared, in the order of what takes longest. Paths are the programs' own. */
const checks = {
  specs: ['--experimental-vm-modules', '--no-warnings', jest, '--selectProjects', 'specs', '--passWithNoTests', '--maxWorkers=2'],
  // Files that did not change are not looked at again here; a fresh checkout looks at all.
  types: [typescript, '-p', 'tsconfig.json', '--incremental', '--tsBuildInfoFile', '.cache/types.tsbuildinfo'],
  lint: ['node_modules/oxlint/bin/oxlint'],
  'types of the scripts': [typescript, '-p', 'scripts/tsconfig.json'],
  boundaries: ['node_modules/dependency-cruiser/bin/dependency-cruiser.mjs', 'apps', 'libs', 'tests', '--config', '.dependency-cruiser.cjs'],
  'dead code': ['node_modules/knip/bin/knip.js', '--no-progress', '--no-config-hints'],
};

/** Runs them side by side, as many as there are processors, and shows what failed. `npm run check -- lint` runs one. */
await main(import.meta.url, async () => {
  const wanted = process.argv.slice(2);
  const queue = Object.entries(checks).filter(([name]) => wanted.length === 0 || wanted.includes(name));
  let failed = 0;
  const take = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) if (!(await passes(next[0], next[1]))) failed++;
  };
  await Promise.all(Array.from({ length: availableParallelism() }, take));
  say(failed === 0 ? '\nAll checks passed.' : `\n${failed} of the checks failed.`);
  return failed === 0 ? 0 : 1;
});

/**
 * @param {string} name
 * @param {string[]} command
 */
async function passes(name, command) {
  const began = performance.now();
  const env = { ...process.env, NO_COLOR: '1' };
  const { code, output } = await runToEnd(command[0] ?? '', command.slice(1), { env, stopping: stopRequests().stopping, cwd: inProject() });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  say(`${code === 0 ? 'passed' : 'FAILED'}  ${name} (${seconds} s)`);
  if (code !== 0) say(output.trimEnd().replace(/^/gm, '  | '));
  return code === 0;
}
