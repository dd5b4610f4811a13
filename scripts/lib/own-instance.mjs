import { Instance } from './instance.mjs';
import { withoutInstance } from './environment.mjs';
import { temporaryPlace } from './leave-nothing.mjs';
import { stopRequests } from './signals.mjs';

/**
 * Runs some work on an instance of its own: temporary data, free ports, also beside a running one. Nothing of it stays,
 * whatever happens.
 *
 * @template T
 * @param {string} purpose
 * @param {Record<string, string>} settings for its processes
 * @param {(instance: Instance) => Promise<T>} work
 * @param {Pick<import('./instance.mjs').Wishes, 'roomy' | 'throwAway'>} [wishes]
 * @returns {Promise<T>}
 */
export async function withOwnInstance(purpose, settings, work, wishes = {}) {
  const place = await temporaryPlace(purpose);
  try {
    const instance = new Instance({
      ...stopRequests(),
      dataFolder: place.folder,
      host: '127.0.0.1',
      port: 0,
      env: { ...withoutInstance(process.env), ...settings },
      throwAway: true,
      ...wishes,
      onServer: (pid) => place.guard(pid, 'SIGQUIT'),
    });
    try {
      await instance.start();
      return await work(instance);
    } finally {
      await instance.stop();
    }
  } finally {
    await place.leave();
  }
}
