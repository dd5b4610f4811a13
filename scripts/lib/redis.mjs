import { spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Trouble } from './messages.mjs';
import { freePort } from './ports.mjs';

/** @returns {Promise<string | undefined>} this machine's redis-server (or valkey-server) program */
export async function findRedis() {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/sbin', '/usr/local/bin', '/opt/homebrew/bin'];
  for (const name of ['redis-server', 'valkey-server']) {
    for (const folder of folders) {
      const program = join(folder, name);
      if (await access(program, constants.X_OK).then(() => true, () => false)) return program;
    }
  }
  return undefined;
}

/**
 * Starts a Redis that keeps nothing on disk, on a port of its own.
 *
 * @param {string} program
 * @param {string} folder where it may stand
 * @returns {Promise<{ pid: number, url: string }>}
 */
export async function startRedis(program, folder) {
  const port = await freePort();
  const settings = { bind: '127.0.0.1', port, dir: folder, save: '', appendonly: 'no', databases: 64, 'maxmemory-policy': 'noeviction' };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const server = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true, cwd: folder });
  let output = '';
  const keep = (/** @type {Buffer} */ text) => (output = (output + text).slice(-2000));
  for (const stream of [server.stdout, server.stderr]) stream.on('data', keep);
  /** @type {Promise<never>} */
  const failure = new Promise((_, reject) => {
    const refuse = () => reject(new Trouble(`${program} did not start.`, 'Mend it, or take it out of PATH to run without it.', { details: output }));
    server.once('error', refuse);
    server.once('exit', refuse);
  });
  await Promise.race([answers(port), failure]);
  // From here on whoever keeps its process number ends it; it must not keep us from ending.
  failure.catch(() => {});
  server.unref();
  for (const stream of [server.stdout, server.stderr]) /** @type {import('node:net').Socket} */ (stream).unref();
  return { pid: server.pid ?? 0, url: `redis://127.0.0.1:${port}` };
}

/**
 * @param {number} port
 * @returns {Promise<void>} settles when something answers PING there
 */
async function answers(port) {
  for (;;) {
    const answered = await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
      socket.once('data', (data) => resolve(data.toString().startsWith('+PONG')));
      socket.once('error', () => resolve(false));
      socket.once('data', () => socket.destroy());
    });
    if (answered) return;
    await delay(20);
  }
}
