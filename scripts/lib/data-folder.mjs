import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeFolder, readJson, writePrivately } from './files.mjs';
import { isAlive, Lock } from './lock.mjs';
import { say, Stopped, Trouble } from './messages.mjs';
import { freePort } from './ports.mjs';
import { readLeftBehind, readRun, removeRun, runFile } from './run-file.mjs';

/**
 * Takes a data folder for one instance. One that is stopping is waited for, and so is what a killed one left running;
 * one that runs is named, and refused.
 *
 * @param {string} folder
 * @param {AbortSignal} stopping
 * @returns {Promise<Lock>}
 */
export async function takeDataFolder(folder, stopping) {
  await makeFolder(folder);
  const lock = new Lock(join(folder, 'lock'));
  for (let waiting = false; !(await lock.tryAcquire('starting')); waiting = true) {
    const holder = await lock.holder();
    if (holder && holder.state !== 'stopping') throw await alreadyRunning(folder, holder.pid);
    if (!waiting) say('Waiting for the Cairn that is stopping …');
    await delay(100);
    if (stopping.aborted) throw new Stopped();
  }
  try {
    await waitForOrphans(folder);
    await removeRun(runFile(folder));
    return lock;
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/**
 * @param {string} folder
 * @param {number} pid
 */
async function alreadyRunning(folder, pid) {
  const run = await readRun(runFile(folder));
  const where = run?.addresses.api ? `at ${run.addresses.api}` : `on ${folder}`;
  return new Trouble(
    `Cairn is already running ${where} (process ${pid}).`,
    'Use that one, stop it (Ctrl-C in its terminal), or start another beside it: CAIRN_DATA_DIR=.cairn-two PORT=3001 npm start',
  );
}

/**
 * The processes of a launcher that was killed notice it and end by themselves. One that doesn't is ended.
 *
 * @param {string} folder
 */
async function waitForOrphans(folder) {
  const { api, worker, sandbox } = (await readLeftBehind(runFile(folder)))?.pids ?? {};
  for (const pid of [api, worker, sandbox]) {
    for (let waited = 0; pid && isAlive({ pid }) && (await isCairn(pid)); waited += 100) {
      if (waited === 10_000) process.kill(pid, 'SIGKILL');
      await delay(100);
    }
  }
}

/** @param {number} pid */
async function isCairn(pid) {
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return /dist\/(apps|programs)\//.test(command);
}

const portNames = /** @type {const} */ (['postgres', 'ehr', 'sms', 'smtp', 'oidc', 'inbox']);

/** @typedef {Record<typeof portNames[number], number>} Ports */

/**
 * Free ports for what stands behind the API, the same as last time where that is possible: connections that were set up
 * against the sandbox keep working.
 *
 * @param {string} folder
 * @returns {Promise<Ports>}
 */
export async function keepPorts(folder) {
  const path = join(folder, 'ports.json');
  const kept = (await readJson(path)) ?? {};
  const ports = /** @type {Ports} */ ({});
  for (const name of portNames) ports[name] = await freePort(kept[name], Object.values(ports));
  if (portNames.some((name) => kept[name] !== ports[name])) await writePrivately(path, `${JSON.stringify(ports)}\n`);
  return ports;
}
