import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { textFrom } from './files.mjs';
import { explainSystemError, say, Stopped, Trouble } from './messages.mjs';
import { cacheFolder, inProject, root } from './paths.mjs';
import { aborted } from './signals.mjs';

/** How long to wait before each new attempt at a process that keeps ending, in ms; the last one holds for all further. */
const pauses = [0, 500, 1000, 2000, 5000, 10_000];
/** Having run this long, in ms, a process starts again with the first pause. */
const steady = 30_000;
/** A process that ends as if told to was probably told to with us, and our own signal is on its way, in ms. */
const benefitOfDoubt = 1500;
/** How long a process may take to get ready, and to finish its work when asked to stop, in ms. */
const readyWithin = 60_000;
const stopWithin = 15_000;

/**
 * A small nursery for young objects, and code that is small before it is fast: API and worker rest at under 190 MB each, instead of 270 MB, and an export of any size stays
 * below 300 MB. An API that serves a clinic, or is measured, answers a fifth more requests without.
 */
const thrifty = ['--max-semi-space-size=4', '--optimize-for-size'];

/** Compiled code is kept between starts. */
const withCompileCache = (/** @type {NodeJS.ProcessEnv} */ env) => ({ NODE_COMPILE_CACHE: inProject(cacheFolder, 'node'), ...env });

/**
 * @typedef {object} Recipe
 * @property {string} name as the user knows it
 * @property {string} entry the program
 * @property {NodeJS.ProcessEnv} env
 * @property {string} [log] a file for its output; absent: our own output
 * @property {boolean} [restart] whether to start it again when it ends unasked (default true)
 * @property {boolean} [roomy] whether it may take the memory that suits it best, as on a clinic's own machines
 * @property {AbortSignal} stopping
 * @property {() => void} [onChange] called when it got ready or ended
 */

/**
 * A process that we start, know to be ready, start again when it dies, and stop. It talks to us over an IPC channel: it
 * says when it is ready, and ends when the channel closes, so it can't outlive us.
 */
export class Supervised {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #child;
  #ready = false;
  #leaving = false;
  #attempts = 0;

  /** @param {Recipe} recipe */
  constructor(recipe) {
    this.recipe = recipe;
  }

  /** @returns {number | undefined} its process number while it is ready */
  get pid() {
    return this.#ready ? this.#child?.pid : undefined;
  }

  /**
   * Starts it and waits until it is ready.
   *
   * @returns {Promise<Record<string, string>>} the addresses it reports
   */
  async start() {
    this.#leaving = false;
    const { name, entry, env, log, stopping, roomy } = this.recipe;
    if (stopping.aborted) throw new Stopped();
    const { output, size } = log ? openLog(log) : { output: /** @type {const} */ ('inherit'), size: 0 };
    const began = performance.now();
    const child = fork(entry, [], { cwd: root, env: withCompileCache(env), execArgv: roomy ? [] : thrifty, stdio: ['ignore', output, output, 'ipc'] });
    if (typeof output === 'number') closeSync(output);
    this.#child = child;
    const exit = once(child, 'exit');
    const report = new AbortController();
    try {
      const addresses = await Promise.race([
        readiness(child, report.signal),
        exit.then(([code, signal]) => Promise.reject(endedEarly(name, describe(code, signal), log))),
        delay(readyWithin, undefined, { signal: report.signal }).then(() => Promise.reject(endedEarly(name, `was not ready after ${readyWithin / 1000} s`, log))),
        aborted(stopping).then(() => Promise.reject(new Stopped())),
      ]);
      this.#ready = true;
      this.recipe.onChange?.();
      void exit.then(([code, signal]) => this.#ended(began, code, signal));
      return await addresses;
    } catch (error) {
      await this.#end(child);
      throw error instanceof Trouble && log ? new Trouble(error.message, error.mend, { details: await textFrom(log, size) }) : error;
    } finally {
      report.abort();
    }
  }

  /**
   * Asks it to finish and waits until it is gone; after a while, or when `impatient` is aborted, it is not asked again.
   *
   * @param {AbortSignal} [impatient]
   */
  async stop(impatient) {
    this.#leaving = true;
    if (this.#child) await this.#end(this.#child, impatient);
  }

  /**
   * @param {import('node:child_process').ChildProcess} child
   * @param {AbortSignal} [impatient]
   */
  async #end(child, impatient) {
    this.#ready = false;
    if (hasEnded(child)) return;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = new AbortController();
    await Promise.race([gone, delay(stopWithin, undefined, { signal: timer.signal }), ...(impatient ? [aborted(impatient)] : [])]);
    timer.abort();
    if (!hasEnded(child)) child.kill('SIGKILL');
    await gone;
  }

  /**
   * @param {number} began
   * @param {number | null} code
   * @param {NodeJS.Signals | null} signal
   */
  async #ended(began, code, signal) {
    if (!this.#ready) return;
    this.#ready = false;
    this.recipe.onChange?.();
    const { name, stopping, restart = true } = this.recipe;
    const asked = code === 0 || signal === 'SIGTERM' || signal === 'SIGINT';
    if (asked) await Promise.race([delay(benefitOfDoubt), aborted(stopping)]);
    if (this.#leaving || stopping.aborted || !restart) return;
    if (performance.now() - began > steady) this.#attempts = 0;
    say(`${name} ${describe(code, signal)}: starting it again.`);
    await this.#startAgain();
  }

  async #startAgain() {
    const { name, stopping } = this.recipe;
    for (;;) {
      const pause = pauses[Math.min(this.#attempts++, pauses.length - 1)];
      await Promise.race([delay(pause), aborted(stopping)]);
      if (this.#leaving || stopping.aborted) return;
      try {
        await this.start();
        return;
      } catch (error) {
        if (this.#leaving || error instanceof Stopped) return;
        say(`${name} could not be started again: ${error instanceof Error ? error.message : error} Trying on.`);
      }
    }
  }
}

/** @param {import('node:child_process').ChildProcess} child */
const hasEnded = (child) => child.exitCode !== null || child.signalCode !== null || child.pid === undefined;

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {AbortSignal} signal
 * @returns {Promise<Record<string, string>>}
 */
function readiness(child, signal) {
  return new Promise((resolve, reject) => {
    const listen = (/** @type {any} */ message) => {
      if (message?.type === 'ready') resolve(message.addresses ?? {});
    };
    child.on('message', listen);
    child.once('error', reject);
    signal.addEventListener('abort', () => child.off('message', listen), { once: true });
  });
}

/**
 * @param {string} name
 * @param {string} what
 * @param {string | undefined} log
 */
function endedEarly(name, what, log) {
  const where = log ? `The end of its log stands above; all of it is in ${log}.` : 'Its last words stand above.';
  return new Trouble(`${name} did not start: it ${what}.`, where);
}

/**
 * @param {number | null} code
 * @param {NodeJS.Signals | null} signal
 */
const describe = (code, signal) => (signal ? `was ended by ${signal}` : `ended with code ${code}`);

/**
 * Opens a log for appending; one that has grown past 20 MB is put aside first.
 *
 * @param {string} path
 */
function openLog(path) {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    if (sizeOf(path) > 20_000_000) renameSync(path, `${path}.1`);
    return { size: sizeOf(path), output: openSync(path, 'a', 0o600) };
  } catch (error) {
    throw explainSystemError(error, dirname(path));
  }
}

/** @param {string} path */
const sizeOf = (path) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

/**
 * Runs a program to its end.
 *
 * @param {string} entry
 * @param {string[]} args
 * @param {{ env: NodeJS.ProcessEnv, stopping: AbortSignal, cwd?: string, show?: boolean }} options `show`: its input and
 *   output are ours; otherwise its output is returned
 * @returns {Promise<{ code: number, output: string }>}
 */
export async function runToEnd(entry, args, { env, stopping, cwd = root, show = false }) {
  if (stopping.aborted) throw new Stopped();
  const child = spawn(process.execPath, [entry, ...args], {
    cwd,
    env: withCompileCache(env),
    stdio: show ? 'inherit' : ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (output += text));
  const pass = () => child.kill('SIGTERM');
  stopping.addEventListener('abort', pass, { once: true });
  try {
    const [code] = await once(child, 'close');
    if (stopping.aborted) throw new Stopped();
    return { code: code ?? 1, output };
  } finally {
    stopping.removeEventListener('abort', pass);
  }
}
