import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Trouble } from './messages.mjs';

const run = promisify(execFile);

/** @typedef {{ name: string, uid: number, gid: number }} SystemUser */

export const isRoot = () => process.getuid?.() === 0;

/**
 * PostgreSQL refuses to run as root, so root lends it the system user `postgres`, made where it doesn't exist.
 *
 * @returns {Promise<SystemUser>}
 */
export async function postgresUser() {
  const user = (await lookUp('postgres')) ?? (await create());
  if (user) return user;
  throw new Trouble(
    'PostgreSQL refuses to run as root, and the system user "postgres" could not be made.',
    'Make it by hand (useradd --system postgres), or start Cairn as an ordinary user.',
  );
}

/**
 * @param {string} name
 * @returns {Promise<SystemUser | undefined>}
 */
async function lookUp(name) {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { name, uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
}

async function create() {
  const ways = [
    ['useradd', '--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres'],
    ['adduser', '-S', '-D', '-H', 'postgres'],
  ];
  for (const [command = '', ...args] of ways) {
    await run(command, args).catch(() => {});
    const user = await lookUp('postgres');
    if (user) return user;
  }
  return undefined;
}

/**
 * @param {SystemUser} user
 * @param {string} folder
 * @returns {Promise<boolean>} whether the user can pass through every folder above it, and into it
 */
export async function canReach(user, folder) {
  return run('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], { uid: user.uid, gid: user.gid, cwd: '/' }).then(
    () => true,
    () => false,
  );
}
