import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { delimiter, join, sep } from 'node:path';
import { readJson } from './files.mjs';
import { Lock } from './lock.mjs';
import { say, Stopped, Trouble } from './messages.mjs';
import { cacheFolder, inProject, root } from './paths.mjs';
import { stopRequests } from './signals.mjs';

/**
 * Installs what package-lock.json names, where it is missing or differs from it. Two starts at once install once.
 *
 * @returns {Promise<boolean>} whether something was installed
 */
export async function install() {
  if (await isInstalled()) return false;
  const lock = new Lock(join(cacheFolder, 'install.lock'));
  await lock.acquire({ onWait: () => say('Another start is installing packages: waiting for it …') });
  try {
    if (await isInstalled()) return true;
    say('Installing the packages that package-lock.json names (half a minute, the first time) …');
    await npmCleanInstall();
    return true;
  } finally {
    await lock.release();
  }
}

/**
 * npm writes down what it installed, as its last act, in node_modules/.package-lock.json. Comparing that with the lock
 * file sees an older install, one cut short, and one done by hand; packages for other platforms may be absent.
 */
async function isInstalled() {
  const [wanted, present] = await Promise.all([
    readJson(inProject('package-lock.json')),
    readJson(inProject('node_modules/.package-lock.json')),
  ]);
  if (!wanted) {
    throw new Trouble(
      `There is no package-lock.json in ${root}.`,
      'Is the checkout complete? Restore the file with: git checkout package-lock.json',
    );
  }
  if (!present) return false;
  return Object.entries(wanted.packages).every(([path, { version, integrity, optional }]) => {
    if (path === '') return true;
    const found = present.packages[path];
    return found ? found.version === version && found.integrity === integrity : optional === true;
  });
}

async function npmCleanInstall() {
  // Development packages are part of it (the compiler is one), whatever NODE_ENV or npm's settings say. Install scripts
  // never run: what one of them would have done, the scripts do at start.
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--include=dev', '--include=optional'];
  const { stopping } = stopRequests();
  const npm = spawn('npm', args, { cwd: root, env: systemEnvironment(), stdio: ['ignore', 'pipe', 'pipe'], signal: stopping });
  let output = '';
  for (const stream of [npm.stdout, npm.stderr]) stream.on('data', (text) => (output += text));
  const code = await new Promise((resolve, reject) => {
    npm.once('error', reject);
    npm.once('close', resolve);
  }).catch((error) => {
    if (stopping.aborted) throw new Stopped();
    throw new Trouble('npm was not found.', 'Install Node 20 or newer together with npm (Debian: apt-get install npm).', {
      cause: error,
    });
  });
  if (stopping.aborted) throw new Stopped();
  if (code !== 0) throw new Trouble('npm could not install the packages.', adviceOn(output), { details: output });
}

/**
 * npm must not run on the Node that it is about to replace: the packaged one stands first in PATH under `npm start`.
 */
function systemEnvironment() {
  const bin = join('node_modules', '.bin');
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.endsWith(sep + bin));
  return { ...process.env, PATH: path.join(delimiter) };
}

/** @param {string} output what npm said */
function adviceOn(output) {
  if (/ENOSPC/.test(output)) return 'The disk is full: free about 1 GB and start again.';
  if (/EACCES|EPERM|EROFS/.test(output)) return `This user may not write to ${root}: start as the user who owns it, or give this user the right (chown -R).`;
  if (/ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|network/.test(output)) {
    return 'The package registry could not be reached: check the network (or npm config get registry, proxy) and start again.';
  }
  if (/EUSAGE|in sync/.test(output)) return 'package.json and package-lock.json disagree: bring them together with npm install.';
  return 'Mend what npm names above and start again.';
}

/** @returns {Promise<string>} the version of an installed package */
export async function installedVersion(/** @type {string} */ name) {
  return JSON.parse(await readFile(inProject('node_modules', name, 'package.json'), 'utf8')).version;
}
