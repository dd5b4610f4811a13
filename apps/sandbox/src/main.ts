import { z } from 'zod';
import { startSandbox } from './sandbox.js';
import type { Sandbox } from './sandbox.js';
import { readSettings } from './settings.js';

const toldCairn = z.object({ type: z.literal('cairn'), url: z.url(), clientId: z.string().optional(), cairnClientId: z.string().optional() });

const starting = start();
let stopping: Promise<void> | undefined;

async function start(): Promise<Sandbox> {
  try {
    return await startSandbox(readSettings(process.env));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return process.exit(1);
  }
}

/** Stops once, however often it is asked to; a start that is under way is finished first. */
function stop(): void {
  stopping ??= starting
    .then((sandbox) => sandbox.stop())
    .then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`The sandbox did not stop cleanly: ${String(error)}\n`);
        process.exit(1);
      },
    );
}

process.on('SIGTERM', stop);
process.on('SIGINT', stop);
process.on('disconnect', stop);

const sandbox = await starting;
process.on('message', (message) => {
  const told = toldCairn.safeParse(message);
  if (told.success) sandbox.tellCairn(told.data);
});

const { admission } = sandbox.ehr;
const patients = {
  admitted: admission?.admittedPatients,
  known: admission?.knownPatients,
  completedByRegistration: admission?.completed.length,
  refused: admission?.refused,
};
process.stdout.write(`${JSON.stringify({ message: 'the outside world is there', addresses: sandbox.addresses, patients })}\n`);
if (process.connected) process.send?.({ type: 'ready', addresses: sandbox.addresses });
