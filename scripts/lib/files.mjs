import { chmod, chown, mkdir, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { explainSystemError } from './messages.mjs';

let serial = 0;

/**
 * Writes a file whole or not at all, readable by its owner only. Where root writes into another user's folder, the
 * file becomes that user's, so that this user can start the same instance later.
 *
 * @param {string} path
 * @param {string} content
 */
export async function writePrivately(path, content) {
  const draft = `${path}.${process.pid}.${serial++}`;
  try {
    const file = await open(draft, 'w', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    if (process.getuid?.() === 0) {
      const { uid, gid } = await stat(dirname(path));
      await chown(draft, uid, gid);
    }
    await rename(draft, path);
  } catch (error) {
    await unlink(draft).catch(() => {});
    throw explainSystemError(error, dirname(path));
  }
}

/**
 * @param {string} path
 * @returns {Promise<any>} what the JSON file says, or undefined where there is none or it is broken
 */
export async function readJson(path) {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    const { code } = /** @type {{ code?: string }} */ (error);
    if (code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw explainSystemError(error, path);
  }
}

/**
 * Makes a folder, open for passing through (PostgreSQL may run as another user below it) but not for listing by others.
 *
 * @param {string} path
 */
export async function makeFolder(path) {
  try {
    const made = await mkdir(path, { recursive: true });
    if (made) await chmod(path, 0o711);
  } catch (error) {
    throw explainSystemError(error, path);
  }
}

/** @param {string} path */
export async function exists(path) {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/**
 * @param {string} path
 * @param {number} [from] the byte to begin at
 * @returns {Promise<string>} what the file says from there on; empty where there is no file
 */
export async function textFrom(path, from = 0) {
  const bytes = await readFile(path).catch(() => Buffer.alloc(0));
  return bytes.subarray(from).toString();
}
