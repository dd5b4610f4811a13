/**
 * Cleans up after a run that is meant to leave nothing behind. A process of its own, because the run itself may be killed
 * outright: it waits until the channel to the run closes, whatever the reason, then ends the processes and removes the
 * folders it was told about. So there is one way of cleaning up, and it is always taken.
 */
import { readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive } from './lock.mjs';

/** @typedef {{ pid: number, started?: string, signal: NodeJS.Signals, group?: boolean }} Ward */

/** @type {Ward[]} */
const wards = [];
/** @type {string[]} */
const folders = [];

process.on('message', (/** @type {{ ward?: Ward, folder?: string }} */ { ward, folder }) => {
  if (ward) wards.push(ward);
  if (folder) folders.push(folder);
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});

process.on('disconnect', async () => {
  // Last come, first gone: what uses a server ends before the server.
  for (const ward of wards.reverse()) await end(ward);
  for (const folder of folders) await remove(folder);
  process.exit(0);
});

/** @param {Ward} ward */
async function end(ward) {
  send(ward, ward.signal);
  for (let waited = 0; isAlive(ward); waited += 20) {
    if (waited > 10_000) send(ward, 'SIGKILL');
    if (waited > 15_000) return;
    await delay(20);
  }
}

/**
 * @param {Ward} ward
 * @param {NodeJS.Signals} signal
 */
function send(ward, signal) {
  try {
    if (ward.group) process.kill(-ward.pid, signal);
    else if (isAlive(ward)) process.kill(ward.pid, signal);
  } catch {
    // It is gone already.
  }
}

/** @param {string} folder */
async function remove(folder) {
  const elsewhere = await readlink(join(folder, 'postgres')).catch(() => undefined);
  for (const path of elsewhere ? [elsewhere, folder] : [folder]) {
    await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }).catch(() => {});
  }
}
