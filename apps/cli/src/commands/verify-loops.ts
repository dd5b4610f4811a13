import type { INestApplicationContext } from '@nestjs/common';
import { newId } from '@cairn/kernel';
import { OpenLoops, Transactions, cairnScope, type Clinic } from '@cairn/platform';

/** Loose ends that are named for each kind and clinic. */
const MOST_NAMED = 100;

const plural = (count: number, what: string): string => `${count} open ${what}${count === 1 ? '' : 's'}`;

/** Looks through the open work of the clinic and names what has no owner, next action or date. Returns how many were named. */
export async function verifyLoops(app: INestApplicationContext, { id, slug }: Pick<Clinic, 'id' | 'slug'>): Promise<number> {
  const reports = await app.get(Transactions).read(cairnScope(id, 'verify', newId()), (tx) => app.get(OpenLoops).check(tx, MOST_NAMED));
  process.stdout.write(`${slug}: ${reports.map(({ kind, open }) => plural(open, kind)).join(', ')}\n`);
  for (const { kind, loose } of reports) {
    for (const { id: lost, lacks } of loose) process.stdout.write(`  ${kind} ${lost} has no ${lacks.join(', no ')}\n`);
    if (loose.length === MOST_NAMED) process.stdout.write(`  … there may be more of kind ${kind}: mend these and look again\n`);
  }
  const named = reports.reduce((sum, { loose }) => sum + loose.length, 0);
  process.stdout.write(named === 0 ? `${slug}: nothing open is without an owner, a next action and a date.\n` : `${slug}: ${named} without an owner, a next action or a date.\n`);
  return named;
}
