import { watch } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { build } from './lib/build.mjs';
import { Instance } from './lib/instance.mjs';
import { complain, say } from './lib/messages.mjs';
import { main } from './lib/node.mjs';
import { compiledPrograms, dataFolder, inProject } from './lib/paths.mjs';
import { stopRequests } from './lib/signals.mjs';

/** @type {Set<string>} sources saved since the last build */
const changed = new Set();
/** One building and restarting follows the other. */
let underway = Promise.resolve();

/** Like `npm start` in demo mode; a saved source is built, and the processes it concerns start again. */
await main(import.meta.url, async () => {
  const requests = stopRequests();
  await build({ programs: false });
  const instance = new Instance({
    ...requests,
    dataFolder: dataFolder(),
    host: process.env.HOST || '127.0.0.1',
    port: Number(process.env.PORT || 3000),
    entries: compiledPrograms,
    env: { LOG_LEVEL: 'debug', ...process.env },
  });
  await instance.start();
  say(`Cairn is ready at ${instance.addresses.api}, and watches apps/ and libs/. Logs: ${instance.logs}`);
  for (const folder of ['apps', 'libs']) void follow(folder, instance, requests.stopping);
  await instance.runUntilStopped();
});

/**
 * @param {string} folder
 * @param {Instance} instance
 * @param {AbortSignal} signal
 */
async function follow(folder, instance, signal) {
  try {
    for await (const { filename } of watch(inProject(folder), { recursive: true, signal })) {
      if (!filename || !/\.(ts|json)$/.test(filename) || filename.endsWith('.spec.ts')) continue;
      changed.add(`${folder}/${filename}`);
      if (changed.size === 1) underway = underway.then(() => takeUp(instance, signal));
    }
  } catch (error) {
    if (!signal.aborted) complain(error);
  }
}

/**
 * Editors save several files at once: what comes within a moment is built together.
 *
 * @param {Instance} instance
 * @param {AbortSignal} signal
 */
async function takeUp(instance, signal) {
  await delay(150);
  const paths = [...changed];
  changed.clear();
  if (signal.aborted) return;
  try {
    if ((await build({ programs: false })) === 0) return;
    const names = processesOf(paths);
    await instance.restart(...names);
    say(`${new Date().toLocaleTimeString()}  ${names.join(', ')} started again after ${paths.join(', ')}`);
  } catch (error) {
    if (!signal.aborted) complain(error);
  }
}

/** @param {string[]} paths */
function processesOf(paths) {
  const apps = new Set(paths.map((path) => /^apps\/(api|worker|sandbox)\//.exec(path)?.[1]));
  return apps.has(undefined) ? ['api', 'worker', 'sandbox'] : [...apps].flatMap((name) => name ?? []);
}
