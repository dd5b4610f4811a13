import { Command } from 'commander';
import { ownerUrl, withFeatures } from '../context.js';
import { linkSandbox } from '../seed/link-sandbox.js';
import { makeDemoClinic, plantDemoTeam } from '../seed/seed-demo.js';

/** `seed`: makes or renews the demo clinic and its link to the sandbox hospital. Demo mode only; may be run again. */
export const seedCommand = (): Command =>
  new Command('seed').description('make or renew the demo clinic and its link to the sandbox hospital').action(async () => {
    const owner = ownerUrl();
    const sandbox = process.env['SANDBOX_EHR_URL'];
    await makeDemoClinic(owner);
    await withFeatures(async (app) => {
      await plantDemoTeam(app);
      if (sandbox) await linkSandbox(app, owner, sandbox);
    });
    process.stdout.write(`The demo clinic is ready${sandbox ? ' and linked to the sandbox hospital' : ''}.\n`);
  });
