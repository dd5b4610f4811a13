import type { INestApplicationContext } from '@nestjs/common';
import { newId } from '@cairn/kernel';
import { KEYRING, Transactions, cairnScope, verifyChain, type Anchor, type Clinic, type Keyring } from '@cairn/platform';

/** Goes through the sealed audit of the clinic and names every row that was changed, removed or inserted. Returns how many faults there are. */
export async function verifyAudit(app: INestApplicationContext, { id, slug }: Pick<Clinic, 'id' | 'slug'>, anchor: Anchor | undefined): Promise<number> {
  const report = await app.get(Transactions).read(cairnScope(id, 'verify', newId()), (tx) => verifyChain(tx, app.get<Keyring>(KEYRING), id, anchor));
  const { blocks, rows, waiting, head, faults } = report;
  process.stdout.write(`${slug}: ${rows} rows in ${blocks} blocks, ${waiting} not sealed yet.${head ? ` Write this down elsewhere: ${head.number}:${head.hash}` : ''}\n`);
  for (const fault of faults) process.stdout.write(`  ${fault}\n`);
  return faults.length;
}
