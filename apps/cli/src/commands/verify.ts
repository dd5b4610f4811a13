import { Command, InvalidArgumentError } from 'commander';
import { Clinics, POOL, type Anchor, type Clinic } from '@cairn/platform';
import type { Pool } from 'pg';
import { withFeatures } from '../context.js';
import { verifyAudit } from './verify-audit.js';
import { verifyLoops } from './verify-loops.js';

interface Wish {
  audit?: true;
  loops?: true;
  clinic?: string;
  anchor?: Anchor;
}

const readAnchor = (text: string): Anchor => {
  const [, number, hash] = /^(\d{1,9}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (!number || !hash) throw new InvalidArgumentError('Must be number:hash, as an earlier run printed it.');
  return { number: Number(number), hash };
};

/** `verify`: checks that what Cairn promises holds of each clinic's data, and names what does not. Exits with 1 where something does not. */
export const verifyCommand = (): Command =>
  new Command('verify')
    .description('verify that nobody touched the sealed audit (--audit), or that no open work lies without somebody, something and a date (--loops)')
    .option('--audit', 'name the rows of the audit that were changed, removed or inserted since they were sealed')
    .option('--loops', 'list open referrals, letters, Tasks that their EHR did not take, authorisations, recommendations, alerts, plans and unreachable patients without an owner, a next action or a date')
    .option('--clinic <name>', 'only this clinic (default: all)')
    .option('--anchor <number:hash>', 'a block that was written down elsewhere must still be there (one clinic)', readAnchor)
    .action(async (wish: Wish) => {
      if (!wish.audit && !wish.loops) throw new Error('Say what to verify: --audit or --loops.');
      if (wish.anchor && wish.clinic === undefined) throw new Error('An anchor belongs to one clinic: name it with --clinic.');
      await withFeatures(async (app) => {
        for (const clinic of await clinicsFor(wish, app.get(Clinics), app.get<Pool>(POOL))) {
          const faults = (wish.audit ? await verifyAudit(app, clinic, wish.anchor) : 0) + (wish.loops ? await verifyLoops(app, clinic) : 0);
          if (faults > 0) process.exitCode = 1;
        }
      });
    });

async function clinicsFor({ clinic }: Wish, clinics: Clinics, pool: Pool): Promise<Pick<Clinic, 'id' | 'slug'>[]> {
  if (clinic === undefined) return (await pool.query<Pick<Clinic, 'id' | 'slug'>>('select id, slug from clinic order by slug')).rows;
  const found = await clinics.find(clinic);
  if (!found) throw new Error(`There is no clinic "${clinic}".`);
  return [found];
}
