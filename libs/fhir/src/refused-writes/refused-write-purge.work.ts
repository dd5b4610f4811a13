import { newId } from '@cairn/kernel';
import { cairnScope, type DueRow, type DueWork, type Lane, type Queryable, type Transactions } from '@cairn/platform';
import { TASK_COLUMNS, type RefusedWriteTaskFacts, type RefusedWriteTasks } from './refused-write-tasks.js';
import rules from './refused-writes.json' with { type: 'json' };

/** Deletes refused writes whose time is over, some hundred of a clinic at a time. */
export class RefusedWritePurge implements DueWork {
  readonly name = 'refused-write-purge';
  readonly lane: Lane = 'reminders';

  constructor(
    private readonly transactions: Transactions,
    private readonly tasks: RefusedWriteTasks,
  ) {}

  /** Clinics that hold any, each once; its turn is the oldest's time. */
  async due(database: Queryable, now: Date, limit: number): Promise<DueRow[]> {
    const rows = await database.query<{ clinic_id: string; oldest: Date }>({
      name: 'refused-write-purge-due',
      text: 'select clinic_id, min(purge_at) as oldest from refused_write where purge_at <= $1 group by clinic_id order by 2 limit $2',
      values: [now, limit],
    });
    return rows.map(({ clinic_id: clinicId, oldest }) => ({ clinicId, id: clinicId, turn: oldest.getTime() }));
  }

  async perform({ clinicId }: DueRow): Promise<void> {
    await this.transactions.run(cairnScope(clinicId, this.name, newId()), async (tx) => {
      const deleted = await tx.query<RefusedWriteTaskFacts & { id: string }>({
        name: 'refused-write-purge',
        text: `delete from refused_write where clinic_id = $1 and id in (
          select id from refused_write where clinic_id = $1 and purge_at <= $2 order by purge_at limit $3 for update skip locked) returning ${TASK_COLUMNS}`,
        values: [clinicId, tx.clock.now(), rules.purgedPerTurn],
      });
      await this.tasks.close(tx, deleted);
    });
  }
}
