import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { readJson, writePrivately } from './files.mjs';
import { isAlive } from './lock.mjs';

/**
 * What a running instance says about itself, in `run.json` in its data folder (readable by its owner only).
 *
 * @typedef {object} Run
 * @property {'demo'} mode
 * @property {{ pid: number, started: string }} launcher
 * @property {Record<string, string>} addresses of `api` and of the sandbox's `ehr`, `sms`, `smtp`, `inbox`, `oidc`
 * @property {Record<string, number>} pids of `api`, `worker`, `sandbox` while each is ready, and of `postgres`
 * @property {Record<string, string>} env what a process needs to work on this instance, such as a command
 */

/** @param {string} dataFolder */
export const runFile = (dataFolder) => join(dataFolder, 'run.json');

/**
 * @param {string} path of a run.json
 * @returns {Promise<Run | undefined>} undefined where no living launcher stands behind it
 */
export async function readRun(path) {
  const run = await readJson(path);
  return isAlive(run?.launcher) ? run : undefined;
}

/**
 * What a killed instance left behind.
 *
 * @param {string} path
 * @returns {Promise<Run | undefined>}
 */
export const readLeftBehind = (path) => readJson(path);

/**
 * @param {string} path
 * @param {Run} run
 */
export const writeRun = (path, run) => writePrivately(path, `${JSON.stringify(run, undefined, 2)}\n`);

/** @param {string} path */
export const removeRun = (path) => unlink(path).catch(() => {});
