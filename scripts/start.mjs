import { relative } from 'node:path';
import { build } from './lib/build.mjs';
import { Instance } from './lib/instance.mjs';
import { say } from './lib/messages.mjs';
import { main } from './lib/node.mjs';
import { dataFolder, root } from './lib/paths.mjs';
import { runInProduction } from './lib/production.mjs';
import { aborted, stopRequests } from './lib/signals.mjs';

/** Runs Cairn. `npm start -- --no-restart` leaves a process that died as it is, for those who want to see why. */
await main(import.meta.url, async () => {
  await build();
  if (process.env.DATABASE_URL) await runInProduction(stopRequests());
  else await runDemo();
});

async function runDemo() {
  const requests = stopRequests();
  const instance = new Instance({
    ...requests,
    dataFolder: dataFolder(),
    host: process.env.HOST || '127.0.0.1',
    port: Number(process.env.PORT || 3000),
    env: process.env,
    restart: !process.argv.includes('--no-restart'),
  });
  await instance.start();
  tellWhereToLook(instance);
  void aborted(requests.stopping).then(() => say('\nStopping …'));
  await instance.runUntilStopped();
  say(`Stopped. Its data stays in ${relative(root, instance.wishes.dataFolder)}.`);
}

/** @param {Instance} instance */
function tellWhereToLook({ addresses, logs, moved }) {
  if (moved.length > 0) say(`PostgreSQL runs as the user "postgres", who can't reach this folder: its files are in ${moved.join(' and ')}.`);
  say(`Cairn is ready at ${addresses.api}`);
  say(`
  Documentation  ${addresses.api}/docs
  FHIR           ${addresses.api}/fhir/metadata
  A token        npm run -s cairn -- token --role coordinator
  Demo users     ${addresses.oidc} (coordinator, clinician, conference lead, hospital IT, auditor)
  Outside world  ${addresses.ehr} (the hospital's EHR)
                 ${addresses.sms} (the patients' phones), ${addresses.inbox} (their mail)
  Logs           ${relative(root, logs)}
  Stop           Ctrl-C
`);
}
