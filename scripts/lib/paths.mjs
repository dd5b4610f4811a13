import { fileURLToPath } from 'node:url';
import { resolve } from 'node:path';

/** The project's folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** @param {...string} parts below the project's folder */
export const inProject = (...parts) => resolve(root, ...parts);

/** Things that can be made again: locks, compiler caches. */
export const cacheFolder = inProject('.cache');

const names = /** @type {const} */ (['api', 'worker', 'sandbox', 'cli', 'demo']);

/** @typedef {Record<typeof names[number], string>} Programs a path for each program */

const each = (/** @type {(name: string) => string} */ path) => /** @type {Programs} */ (Object.fromEntries(names.map((name) => [name, path(name)])));

/** The programs as compiled, file by file. */
export const compiledPrograms = each((name) => inProject('dist/apps', name, 'src/main.js'));

/** The programs as they are run, each with what it uses in a few files. */
export const programsFolder = inProject('dist/programs');
export const programs = each((name) => inProject(programsFolder, `${name}.js`));

/** The one folder that holds an instance's data: `CAIRN_DATA_DIR`, by default `.cairn` in the project. */
export const dataFolder = () => resolve(root, process.env.CAIRN_DATA_DIR || '.cairn');
