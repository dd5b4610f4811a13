import { Command, InvalidArgumentError } from 'commander';
import { newId } from '@cairn/kernel';
import { Clinics, KEYRING, POOL, Transactions, cairnScope, verifyChain, type Anchor, type Clinic, type Keyring } from '@cairn/platform';
import type { Pool } from 'pg';
import { withFeatures } from '../context.js';

interface Wish {
  audit?: true;
  clinic?: string;
  anchor?: Anchor;
}

const readAnchor = (text: string): Anchor => {
  const [, number, hash] = /^(\d{1,9}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (!number || !hash) throw new InvalidArgumentError('Must be number:hash, as an earlier run printed it.');
  return { number: Number(number), hash };
};

/** `verify --audit`: goes through the sealed audit of each clinic and names every row that was changed, removed or inserted. Exits with 1 where something is. */
export const verifyCommand = (): Command =>
  new Command('verify')
    .description('verify that nobody changed, removed or inserted rows of the audit since they were sealed')
    .requiredOption('--audit', 'the audit')
    .option('--clinic <name>', 'only this clinic (default: all)')
    .option('--anchor <number:hash>', 'a block that was written down elsewhere must still be there (one clinic)', readAnchor)
    .action(async (wish: Wish) => {
      if (wish.anchor && wish.clinic === undefined) throw new Error('An anchor belongs to one clinic: name it with --clinic.');
      await withFeatures(async (app) => {
        const transactions = app.get(Transactions);
        for (const clinic of await clinicsFor(wish, app.get(Clinics), app.get<Pool>(POOL))) {
          const report = await transactions.read(cairnScope(clinic.id, 'verify', newId()), (tx) => verifyChain(tx, app.get<Keyring>(KEYRING), clinic.id, wish.anchor));
          const { blocks, rows, waiting, head, faults } = report;
          process.stdout.write(`${clinic.slug}: ${rows} rows in ${blocks} blocks, ${waiting} not sealed yet.${head ? ` Write this down elsewhere: ${head.number}:${head.hash}` : ''}\n`);
          for (const fault of faults) process.stdout.write(`  ${fault}\n`);
          if (faults.length > 0) process.exitCode = 1;
        }
      });
    });

async function clinicsFor({ clinic }: Wish, clinics: Clinics, pool: Pool): Promise<Pick<Clinic, 'id' | 'slug'>[]> {
  if (clinic === undefined) return (await pool.query<Pick<Clinic, 'id' | 'slug'>>('select id, slug from clinic order by slug')).rows;
  const found = await clinics.find(clinic);
  if (!found) throw new Error(`There is no clinic "${clinic}".`);
  return [found];
}
