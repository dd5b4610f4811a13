import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { keepPorts, takeDataFolder } from './data-folder.mjs';
import { buildMark } from './build.mjs';
import { notePreparation, prepareDatabase } from './database.mjs';
import { cairnVariables, houseVariables, withoutInstance } from './environment.mjs';
import { identify, isAlive } from './lock.mjs';
import { complain, diskFull, explainSystemError, Stopped, tellsOfFullDisk, Trouble } from './messages.mjs';
import { programs } from './paths.mjs';
import { demandPort, freePort } from './ports.mjs';
import { startPostgres } from './postgres.mjs';
import { runToEnd, Supervised } from './processes.mjs';
import { removeRun, runFile, writeRun } from './run-file.mjs';
import { keepSecrets } from './secrets.mjs';
import { aborted } from './signals.mjs';

/**
 * @typedef {object} Wishes
 * @property {string} dataFolder
 * @property {string} host
 * @property {number} port of the API; 0 for any free one
 * @property {NodeJS.ProcessEnv} env what else its processes find in their environment
 * @property {boolean} [throwAway] nobody will miss its data
 * @property {boolean} [roomy] whether its API may take the memory that suits it best
 * @property {import('./paths.mjs').Programs} [entries] what to run (default: the programs as put together)
 * @property {boolean} [restart] whether a process that dies is started again (default true)
 * @property {(pid: number) => void} [onServer] told of PostgreSQL's process, which would outlive us
 * @property {AbortSignal} stopping
 * @property {AbortSignal} impatient
 */

/** Cairn in demo mode on one data folder: PostgreSQL, sandbox, API and worker. */
export class Instance {
  /** @type {import('./lock.mjs').Lock | undefined} */
  #lock;
  /** @type {import('./postgres.mjs').Postgres | undefined} */
  #server;
  /** @type {Map<string, Supervised>} */
  #processes = new Map();
  /** @type {import('./run-file.mjs').Run | undefined} */
  #run;
  /** @type {Promise<void>} */
  #written = Promise.resolve();

  /** @param {Wishes} wishes */
  constructor(wishes) {
    this.wishes = wishes;
    this.runFile = runFile(wishes.dataFolder);
    this.logs = join(wishes.dataFolder, 'logs');
  }

  /** @returns {Record<string, string>} of `api`, and of the sandbox's `ehr`, `sms`, `smtp`, `inbox`, `oidc` */
  get addresses() {
    return this.#run?.addresses ?? {};
  }

  /** @returns {string[]} folders outside project and data folder that PostgreSQL's files went to */
  get moved() {
    return this.#server?.moved ?? [];
  }

  /** Starts everything; returns once all of it is ready. A start that fails, or is given up, leaves nothing running. */
  async start() {
    try {
      this.#lock = await takeDataFolder(this.wishes.dataFolder, this.wishes.stopping);
      await this.#startAll();
      await this.#lock.announce('running');
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /**
   * Waits until asked to stop, and stops. Processes that die meanwhile start again by themselves; should PostgreSQL end,
   * which restarts what fails in it, something is wrong that a person must see.
   */
  async runUntilStopped() {
    const { stopping } = this.wishes;
    const server = this.#server;
    while (!stopping.aborted && server && isAlive(server)) await Promise.race([delay(1000), aborted(stopping)]);
    await this.stop();
    if (stopping.aborted) return;
    throw new Trouble(`PostgreSQL ended unasked, so Cairn stopped. Its log is ${server?.log}.`, 'Start again: nothing that was committed is lost.');
  }

  /** Stops everything, servers after those who use them, also where the disk is full. Does no harm when done twice. */
  async stop() {
    const { impatient } = this.wishes;
    const lock = this.#lock;
    this.#lock = undefined;
    // Others are only not told of it where the disk is full.
    await lock?.announce('stopping').catch(() => {});
    await Promise.all([this.#processes.get('api')?.stop(impatient), this.#processes.get('worker')?.stop(impatient)]);
    await this.#processes.get('sandbox')?.stop(impatient);
    await this.#server?.stop();
    await this.#written.catch(() => {});
    this.#run = undefined;
    if (lock) await removeRun(this.runFile);
    await lock?.release();
  }

  /**
   * Stops some processes and starts them again, as after a new build.
   *
   * @param {string[]} keys
   */
  async restart(...keys) {
    const processes = keys.flatMap((key) => this.#processes.get(key) ?? []);
    await Promise.all(processes.map((process) => process.stop(this.wishes.impatient)));
    await Promise.all(processes.map((process) => process.start()));
  }

  async #startAll() {
    const { dataFolder, host, port: wantedPort, env } = this.wishes;
    await demandPort(host, wantedPort);
    const port = wantedPort || (await freePort());
    const address = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
    const [secrets, ports] = await Promise.all([keepSecrets(dataFolder), keepPorts(dataFolder)]);
    const house = {
      ...withoutInstance(env),
      ...houseVariables({ dataFolder, host, port, publicUrl: env.PUBLIC_URL || address, secrets }),
    };

    // Two things at a time, as machines have two processors at least: the order is what each one needs of the others.
    const built = await buildMark();
    const [{ ownerUrl, appUrl, preparation }, sandbox] = await allOf([
      this.#startDatabase(secrets, ports.postgres, built, house),
      this.#supervise('sandbox', 'The sandbox', { ...house, ...sandboxPlace(ports) }).start(),
    ]);
    const own = { ...house, ...cairnVariables({ appUrl, redisUrl: env.REDIS_URL, secrets, sandbox }) };
    const operator = { ...own, DATABASE_OWNER_URL: ownerUrl };
    const prepared = `${built} ${sandbox.ehr}`;
    await allOf([
      preparation === prepared ? undefined : this.#command('seed', operator).then(() => notePreparation(ownerUrl, prepared)),
      this.#supervise('api', 'The API', own).start(),
      this.#supervise('worker', 'The worker', own).start(),
    ]);
    this.#run = {
      mode: 'demo',
      launcher: identify(process.pid),
      addresses: { api: address, ...sandbox },
      pids: {},
      env: Object.fromEntries(Object.entries(operator).filter(([name]) => !(name in withoutInstance(env)))),
    };
    await this.#writeRun();
  }

  /**
   * @param {import('./secrets.mjs').Secrets} secrets
   * @param {number} port
   * @param {string} built what this build is known by: a database that it has migrated before needs no look
   * @param {NodeJS.ProcessEnv} env
   * @returns {ReturnType<typeof prepareDatabase>} of the migrated database
   */
  async #startDatabase(secrets, port, built, env) {
    const { dataFolder, throwAway, onServer } = this.wishes;
    this.#server = await startPostgres({ dataFolder, password: secrets.superuserPassword, port, throwAway });
    onServer?.(this.#server.pid);
    const urls = await prepareDatabase(this.#server, secrets, 'cairn').catch((error) => {
      throw explainSystemError(error, dataFolder);
    });
    if (!urls.preparation?.startsWith(built)) await this.#command('migrate', { ...env, DATABASE_OWNER_URL: urls.ownerUrl });
    return urls;
  }

  /**
   * @param {'api' | 'worker' | 'sandbox'} key
   * @param {string} name
   * @param {NodeJS.ProcessEnv} env
   */
  #supervise(key, name, env) {
    const { entries = programs, stopping, restart, roomy } = this.wishes;
    const log = join(this.logs, `${key}.log`);
    const supervised = new Supervised({ name, entry: entries[key], env, log, restart, roomy: roomy && key === 'api', stopping, onChange: () => void this.#writeRun().catch(complain) });
    this.#processes.set(key, supervised);
    return supervised;
  }

  /**
   * @param {string} name of an operator command
   * @param {NodeJS.ProcessEnv} env
   */
  async #command(name, env) {
    const { entries = programs, stopping } = this.wishes;
    const { code, output } = await runToEnd(entries.cli, [name], { env, stopping });
    if (code === 0) return;
    // A server that has no room for its journal ends, and whoever spoke with it only sees that.
    const log = this.#server ? await readFile(this.#server.log, 'utf8').catch(() => '') : '';
    if (tellsOfFullDisk(output + log)) throw diskFull(this.wishes.dataFolder);
    throw new Trouble(`"cairn ${name}" failed (code ${code}).`, 'Its output stands above.', { details: output });
  }

  /** Writes run.json as things stand; one writing follows the other. */
  #writeRun() {
    this.#written = this.#written.catch(() => {}).then(async () => {
      const run = this.#run;
      if (!run || !this.#lock) return;
      const ready = [...this.#processes].flatMap(([key, { pid }]) => (pid ? [[key, pid]] : []));
      run.pids = Object.fromEntries([...ready, ['postgres', this.#server?.pid]]);
      await writeRun(this.runFile, run);
    });
    return this.#written;
  }
}

/** @param {import('./data-folder.mjs').Ports} ports */
const sandboxPlace = ({ ehr, sms, smtp, oidc, inbox }) => ({
  SANDBOX_HOST: '127.0.0.1',
  SANDBOX_EHR_PORT: String(ehr),
  SANDBOX_SMS_PORT: String(sms),
  SANDBOX_SMTP_PORT: String(smtp),
  SANDBOX_OIDC_PORT: String(oidc),
  SANDBOX_INBOX_PORT: String(inbox),
});

/**
 * Like Promise.all, but waits until all are done before it passes on what went wrong: what has begun can then be undone.
 * Being stopped is told before anything that followed from it.
 *
 * @template {readonly (Promise<any> | undefined)[]} T
 * @param {[...T]} promises
 * @returns {Promise<{ [K in keyof T]: Awaited<T[K]> }>}
 */
async function allOf(promises) {
  const results = await Promise.allSettled(promises);
  const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  if (reasons.length > 0) throw reasons.find((reason) => reason instanceof Stopped) ?? reasons[0];
  return /** @type {any} */ (results.map((result) => (result.status === 'fulfilled' ? result.value : undefined)));
}
