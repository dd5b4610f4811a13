import { spawn } from 'node:child_process';
import { chown, open, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { exists, textFrom } from './files.mjs';
import { isAlive } from './lock.mjs';
import { diskFull, explainSystemError, say, tellsOfFullDisk, Trouble } from './messages.mjs';
import { freePort } from './ports.mjs';
import { placePostgres } from './postgres-files.mjs';

const superuser = 'postgres';

/** How long PostgreSQL may take until it is ready, in s: after a power cut it first replays its journal. */
const patience = 60;

/** For servers whose data nobody will miss: fast, and nothing survives a power cut. */
const throwAwaySettings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_connections: '400',
  io_method: 'sync',
};

/**
 * @typedef {object} Postgres
 * @property {number} pid
 * @property {number} port
 * @property {string[]} moved folders outside project and data folder that its files went to
 * @property {(user: string, password: string, database: string) => string} url
 * @property {string} superuserUrl
 * @property {string} log
 * @property {() => Promise<void>} stop ends all sessions and stops; a throw-away server drops everything at once
 */

/**
 * Starts the packaged PostgreSQL on `dataFolder`/postgres, made by initdb the first time. It listens on 127.0.0.1 only,
 * and asks every client for a password. A server still running there (its starter was killed) is used as it is.
 *
 * @param {object} options
 * @param {string} options.dataFolder
 * @param {string} options.password the superuser's
 * @param {number} [options.port] taken where it is free
 * @param {boolean} [options.throwAway]
 * @returns {Promise<Postgres>}
 */
export async function startPostgres({ dataFolder, password, port: preferred, throwAway = false }) {
  const files = await placePostgres(dataFolder);
  const data = join(files.folder, 'data');
  try {
    if (await exists(join(data, 'PG_VERSION'))) await demandSameVersion(files, data);
    else await initialise(files, data, password, throwAway);
    const running = await runningServer(data, join(files.folder, 'log'));
    const { pid, port } = running ?? (await launch(files, data, await freePort(preferred), throwAway ? throwAwaySettings : {}));
    const url = (/** @type {string} */ user, /** @type {string} */ secret, /** @type {string} */ database) =>
      `postgres://${user}:${encodeURIComponent(secret)}@127.0.0.1:${port}/${database}`;
    return {
      pid,
      port,
      moved: files.moved,
      url,
      superuserUrl: url(superuser, password, 'postgres'),
      log: join(files.folder, 'log'),
      stop: () => stop(files, data, throwAway ? ['immediate'] : ['fast', 'immediate']),
    };
  } catch (error) {
    throw explainSystemError(error, files.folder);
  }
}

/**
 * @param {import('./postgres-files.mjs').PostgresFiles} files
 * @param {string} program
 * @param {string[]} args
 * @returns {Promise<{ code: number | null, output: string }>}
 */
function run(files, program, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(join(files.programs, program), args, {
      ...(files.user && { uid: files.user.uid, gid: files.user.gid }),
      cwd: files.folder,
      // A session of its own: Ctrl-C at the terminal is for us, and we stop the server last.
      detached: true,
      env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    child.once('error', reject);
    // Not 'close': the server that pg_ctl leaves behind would hold the pipes open.
    child.once('exit', (code) => {
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ code, output });
    });
  });
}

/**
 * @param {import('./postgres-files.mjs').PostgresFiles} files
 * @param {string} data
 */
async function demandSameVersion(files, data) {
  const [made, { output }] = await Promise.all([readFile(join(data, 'PG_VERSION'), 'utf8'), run(files, 'postgres', ['--version'])]);
  const ours = /\d+/.exec(output)?.[0];
  if (made.trim() === ours) return;
  throw new Trouble(
    `The data in ${files.folder} was made by PostgreSQL ${made.trim()}; this is PostgreSQL ${ours}.`,
    'Start it with the Cairn that made it, or begin anew in another folder: CAIRN_DATA_DIR=/some/folder npm start',
  );
}

/**
 * @param {import('./postgres-files.mjs').PostgresFiles} files
 * @param {string} data
 * @param {string} password
 * @param {boolean} throwAway
 */
async function initialise(files, data, password, throwAway) {
  const draft = `${data}.new`;
  const passwordFile = join(files.folder, 'password');
  await rm(draft, { recursive: true, force: true });
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (files.user) await chown(passwordFile, files.user.uid, files.user.gid);
  const args = [`--pgdata=${draft}`, `--username=${superuser}`, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  args.push('--encoding=UTF8', '--locale-provider=builtin', '--locale=C.UTF-8', ...(throwAway ? ['--no-sync'] : []));
  const { code, output } = await run(files, 'initdb', args);
  await rm(passwordFile, { force: true });
  if (code !== 0) {
    await rm(draft, { recursive: true, force: true });
    throw explainFailure('PostgreSQL could not make its data folder.', output, files.folder);
  }
  await rename(draft, data);
}

/**
 * @param {string} data
 * @returns {Promise<{ pid: number, port: number, ready: boolean } | undefined>} the server that runs on this folder already
 */
async function serverOn(data) {
  const lines = (await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n').map((line) => line.trim());
  const [pid, port, state] = [Number(lines[0]), Number(lines[3]), lines[7]];
  if (!isAlive({ pid }) || !(await isPostgres(pid))) return undefined;
  return { pid, port, ready: port > 0 && state === 'ready' };
}

/**
 * @param {string} data
 * @param {string} log where a server that does not get ready says why
 * @returns {Promise<{ pid: number, port: number } | undefined>} the server that runs on this folder already, once it is
 *   ready; one that is stopping is waited for
 */
async function runningServer(data, log) {
  for (const end = performance.now() + patience * 1000; performance.now() < end; await delay(50)) {
    const server = await serverOn(data);
    if (!server || server.ready) return server;
  }
  throw new Trouble(`PostgreSQL, which runs on ${data}, was not ready after ${patience} s.`, `Its log is ${log}: wait until it has finished what it is at, and start again.`);
}

/**
 * After a power cut the number in the file may be some other program's.
 *
 * @param {number} pid
 */
async function isPostgres(pid) {
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => 'postgres');
  return command.includes('postgres');
}

/**
 * @param {import('./postgres-files.mjs').PostgresFiles} files
 * @param {string} data
 * @param {number} port
 * @param {Record<string, string>} extra
 * @returns {Promise<{ pid: number, port: number }>}
 */
async function launch(files, data, port, extra) {
  const log = join(files.folder, 'log');
  await (await open(log, 'a', 0o600)).close();
  await truncate(log);
  if (files.user) await chown(log, files.user.uid, files.user.gid);
  const settings = { listen_addresses: '127.0.0.1', unix_socket_directories: '', timezone: 'UTC', log_timezone: 'UTC', ...extra };
  const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value || "''"}`);
  const args = ['start', '-D', data, '-l', log, '-w', '-t', String(patience), '-o', `-p ${port} ${options.join(' ')}`];
  const { code, output } = await run(files, 'pg_ctl', args);
  const server = code === 0 ? await runningServer(data, log) : undefined;
  if (server) return server;
  throw explainFailure('PostgreSQL did not start.', `${output}\n${await textFrom(log)}`, files.folder);
}

/**
 * @param {import('./postgres-files.mjs').PostgresFiles} files
 * @param {string} data
 * @param {string[]} modes how, each one if the one before was of no avail
 */
async function stop(files, data, modes) {
  for (const mode of modes) {
    const { code } = await run(files, 'pg_ctl', ['stop', '-D', data, '-m', mode, '-w', '-t', '20']);
    if (code === 0 || !(await serverOn(data))) return;
  }
  say(`PostgreSQL on ${data} did not stop; its log is ${join(files.folder, 'log')}.`);
}

/**
 * @param {string} message
 * @param {string} output
 * @param {string} folder
 */
function explainFailure(message, output, folder) {
  if (tellsOfFullDisk(output)) return diskFull(folder, undefined, output);
  if (/shared memory/.test(output)) return new Trouble(message, 'Give this machine or container more shared memory (docker run --shm-size=256m).', { details: output });
  if (/Permission denied/.test(output)) return new Trouble(message, `Give the user who runs Cairn the folder ${folder} (chown -R).`, { details: output });
  return new Trouble(message, `The log is in ${join(folder, 'log')}; data that can't be mended can be begun anew by removing ${folder}.`, { details: output });
}
