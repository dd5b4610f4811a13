import { programs } from './paths.mjs';
import { Stopped } from './messages.mjs';
import { Supervised } from './processes.mjs';
import { aborted } from './signals.mjs';
import { say } from './messages.mjs';

/**
 * Runs API and worker on the database that `DATABASE_URL` names: no sandbox, no seed, no migration, and every setting from
 * the environment. Their logs are our output.
 *
 * @param {{ stopping: AbortSignal, impatient: AbortSignal }} requests
 */
export async function runInProduction({ stopping, impatient }) {
  const processes = [
    new Supervised({ name: 'The API', entry: programs.api, env: process.env, stopping, roomy: true }),
    new Supervised({ name: 'The worker', entry: programs.worker, env: process.env, stopping }),
  ];
  try {
    const [addresses] = await Promise.all(processes.map((supervised) => supervised.start()));
    say(`Cairn is ready at ${addresses?.api}`);
    await aborted(stopping);
    throw new Stopped();
  } finally {
    await Promise.all(processes.map((supervised) => supervised.stop(impatient)));
  }
}
