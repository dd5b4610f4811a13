import { Command } from 'commander';
import { seedDemo } from '../seed/seed-demo.js';

/** `seed`: makes or renews the demo clinic and its link to the sandbox hospital. Demo mode only; may be run again. */
export const seedCommand = (): Command =>
  new Command('seed').description('make or renew the demo clinic and its link to the sandbox hospital').action(async () => {
    const { clinic } = await seedDemo(process.env);
    process.stdout.write(`Seeded the clinic "${clinic}".\n`);
  });
