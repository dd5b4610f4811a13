import { link, rename, unlink, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeFolder, readJson } from './files.mjs';
import { explainSystemError } from './messages.mjs';

/**
 * @typedef {object} Holder
 * @property {number} pid
 * @property {string} started when that process began, so that a later process with the same number is not mistaken for it
 * @property {string} [state] what the holder last said it is doing
 */

/**
 * @param {number} pid
 * @returns {{ state?: string, started: string }} the kernel's letter for what the process is doing, and the moment it
 *   began, in the kernel's own count; empty where the system doesn't tell
 */
function statusOf(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command name may hold spaces and brackets; the fields after the last bracket are plain.
    const fields = status.slice(status.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0], started: fields[19] ?? '' };
  } catch {
    return { started: '' };
  }
}

/**
 * @param {{ pid: number, started?: string } | undefined} holder
 * @returns {boolean} whether that very process still runs (one that ended and was not yet collected does not)
 */
export function isAlive(holder) {
  if (!holder?.pid) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (/** @type {{ code?: string }} */ (error).code !== 'EPERM') return false;
  }
  const { state, started } = statusOf(holder.pid);
  return state !== 'Z' && (!holder.started || started === holder.started);
}

/** @param {number} pid */
export const identify = (pid) => ({ pid, started: statusOf(pid).started });

let serial = 0;

/**
 * A lock between processes, as a file that names its holder. A holder that died, also by SIGKILL, holds nothing.
 */
export class Lock {
  /** @param {string} path */
  constructor(path) {
    this.path = path;
  }

  /** @returns {Promise<Holder | undefined>} the living process that holds the lock */
  async holder() {
    const holder = await readJson(this.path);
    return isAlive(holder) ? holder : undefined;
  }

  /**
   * @param {string} [state]
   * @returns {Promise<boolean>} false where a living process holds it
   */
  async tryAcquire(state) {
    await makeFolder(dirname(this.path));
    const draft = await this.#draft(state);
    try {
      for (;;) {
        try {
          await link(draft, this.path);
          return true;
        } catch (error) {
          if (/** @type {{ code?: string }} */ (error).code !== 'EEXIST') throw explainSystemError(error, dirname(this.path));
        }
        if (await this.holder()) return false;
        await this.#clearAway();
      }
    } finally {
      await unlink(draft).catch(() => {});
    }
  }

  /**
   * Waits until the lock is free, and takes it.
   *
   * @param {{ onWait?: (holder: Holder | undefined) => void, signal?: AbortSignal }} [options] `onWait` is called once
   */
  async acquire({ onWait, signal } = {}) {
    for (let waiting = false; !(await this.tryAcquire()); waiting = true) {
      if (!waiting) onWait?.(await this.holder());
      await delay(100, undefined, { signal });
    }
  }

  /**
   * Tells others what the holder is doing now.
   *
   * @param {string} state
   */
  async announce(state) {
    await rename(await this.#draft(state), this.path);
  }

  async release() {
    const holder = await readJson(this.path);
    if (holder?.pid === process.pid) await unlink(this.path).catch(() => {});
  }

  /** @param {string} [state] */
  async #draft(state) {
    const draft = `${this.path}.${process.pid}.${serial++}`;
    try {
      await writeFile(draft, JSON.stringify({ ...identify(process.pid), state }));
    } catch (error) {
      throw explainSystemError(error, dirname(this.path));
    }
    return draft;
  }

  /** Removes a dead holder's file; should a living one have come in between, it is put back. */
  async #clearAway() {
    const aside = `${this.path}.stale.${process.pid}.${serial++}`;
    try {
      await rename(this.path, aside);
    } catch {
      return;
    }
    if (isAlive(await readJson(aside))) await link(aside, this.path).catch(() => {});
    await unlink(aside).catch(() => {});
  }
}
