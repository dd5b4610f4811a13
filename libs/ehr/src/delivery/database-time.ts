import type { Tx } from '@cairn/platform';

/** The database's own time: the same for all processes, and moved by no demo. Leases and tries of deliveries live by it. */
export async function databaseTime(tx: Tx): Promise<Date> {
  const [row] = await tx.query<{ now: Date }>({ name: 'database-time', text: 'select now() as now' });
  if (!row) throw new Error('The database does not tell its time.');
  return row.now;
}

export const later = (from: Date, seconds: number): Date => new Date(from.getTime() + seconds * 1000);
