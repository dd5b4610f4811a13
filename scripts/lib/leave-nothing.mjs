import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { identify } from './lock.mjs';
import { explainSystemError } from './messages.mjs';

const guardianProgram = fileURLToPath(new URL('guardian.mjs', import.meta.url));

/**
 * A place for a run that leaves nothing behind, also when it is killed outright.
 *
 * @typedef {object} Place
 * @property {string} folder temporary, empty
 * @property {(pid: number, signal: NodeJS.Signals, options?: { group?: boolean }) => void} guard names a process that
 *   must not outlive the run, and the signal that ends it; `group` ends its whole process group
 * @property {() => Promise<void>} leave ends what is guarded, last come first gone, and removes the folder
 */

/**
 * @param {string} purpose part of the folder's name
 * @returns {Promise<Place>}
 */
export async function temporaryPlace(purpose) {
  const guardian = fork(guardianProgram, { detached: true, stdio: 'ignore' });
  guardian.unref();
  const folder = await mkdtemp(join(tmpdir(), `cairn-${purpose}-`)).catch((error) => {
    throw explainSystemError(error, tmpdir());
  });
  guardian.send({ folder });
  // PostgreSQL may run as another user, who has to pass through.
  await chmod(folder, 0o711);
  return {
    folder,
    guard: (pid, signal, { group } = {}) => guardian.send({ ward: { ...identify(pid), signal, group } }),
    leave: async () => {
      if (!guardian.connected) return;
      guardian.ref();
      const gone = once(guardian, 'exit');
      guardian.disconnect();
      await gone;
    },
  };
}
