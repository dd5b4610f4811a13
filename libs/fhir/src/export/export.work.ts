import { newId } from '@cairn/kernel';
import { backoffSeconds, cairnScope, type DueRow, type DueWork, type Lane, type Queryable, type Transactions } from '@cairn/platform';
import type { References } from '../search-index/references.js';
import { claim, end, retry, sweepAway } from './export-jobs.js';
import { ExportRun, LEASE_MS, RunOver } from './export-run.js';

/** After so many runs that failed an export is given up. */
const MOST_RUNS = 5;

/** Makes the exports that were asked for, and deletes those that have expired or were removed. */
export class ExportWork implements DueWork {
  readonly name = 'fhir-export';
  readonly lane: Lane = 'delivery';

  constructor(
    private readonly transactions: Transactions,
    private readonly references: References,
    /** How long files can be fetched, in milliseconds. */
    private readonly keepMs: number,
  ) {}

  async due(database: Queryable, now: Date, limit: number): Promise<DueRow[]> {
    const rows = await database.query<{ clinic_id: string; id: string; turn: string }>({
      name: 'fhir-export-due',
      text: `select clinic_id, id, run || state as turn from fhir_export where due_at <= $1 order by due_at limit $2`,
      values: [now, limit],
    });
    return rows.map((row) => ({ clinicId: row.clinic_id, id: row.id, turn: row.turn }));
  }

  /** Runs an export that waits, or whose worker has fallen silent, from its beginning; sweeps away what is over. */
  async perform({ clinicId, id }: DueRow): Promise<void> {
    const scope = cairnScope(clinicId, this.name, newId());
    const job = await this.transactions.run(scope, async (tx) => {
      const claimed = await claim(tx, id, new Date(tx.clock.now().getTime() + LEASE_MS));
      if (!claimed) await sweepAway(tx, id);
      return claimed;
    });
    if (!job) return;
    try {
      await new ExportRun(this.transactions, this.references, scope, job, this.keepMs).perform();
    } catch (error) {
      if (error instanceof RunOver) return;
      await this.transactions.run(scope, async (tx) => {
        const now = tx.clock.now().getTime();
        if (job.run < MOST_RUNS) await retry(tx, job, new Date(now + backoffSeconds(job.run) * 1000));
        else await end(tx, job, 'failed', null, job, new Date(now + this.keepMs));
      });
      throw error;
    }
  }
}
