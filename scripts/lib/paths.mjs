import { fileURLToPath } from 'node:url';
import { resolve } from 'node:path';

/** The project's folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** @param {...string} parts below the project's folder */
export const inProject = (...parts) => resolve(root, ...parts);

/** Things that can be made again: locks, compiler caches. */
export const cacheFolder = inProject('.cache');

/** The entry points of the processes, as built. */
export const entryPoints = {
  api: inProject('dist/apps/api/src/main.js'),
  worker: inProject('dist/apps/worker/src/main.js'),
  sandbox: inProject('dist/apps/sandbox/src/main.js'),
  cli: inProject('dist/apps/cli/src/main.js'),
  demo: inProject('dist/apps/demo/src/main.js'),
  bench: inProject('dist/tests/bench/main.js'),
};

/** The one folder that holds an instance's data: `CAIRN_DATA_DIR`, by default `.cairn` in the project. */
export const dataFolder = () => resolve(root, process.env.CAIRN_DATA_DIR || '.cairn');
