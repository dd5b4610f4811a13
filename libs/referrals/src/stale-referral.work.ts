import { Injectable } from '@nestjs/common';
import { LockMode } from '@mikro-orm/postgresql';
import { newId } from '@cairn/kernel';
import { Transactions, audit, cairnScope, type DueRow, type DueWork, type Lane, type Queryable, type Tx } from '@cairn/platform';
import { Referral } from './referral.entity.js';
import { ReferralMoves, arrange } from './referral-moves.service.js';

/** So many of a clinic come back in one transaction: a holiday's worth costs a few statements for each hundred, and leaves room for other work between. */
const BATCH = 100;

/** Brings referrals back on top that nobody has moved for too long: a batch of a clinic's longest-lying ones at a time. */
@Injectable()
export class StaleReferralWork implements DueWork {
  readonly name = 'referral-stale';
  readonly lane: Lane = 'events';

  constructor(
    private readonly transactions: Transactions,
    private readonly moves: ReferralMoves,
  ) {}

  /** One row for each clinic: its longest-lying referral, so that each batch falls due anew. */
  async due(database: Queryable, now: Date, limit: number): Promise<DueRow[]> {
    const rows = await database.query<{ clinic_id: string; id: string }>({
      name: 'referral-stale-due',
      text: `select distinct on (clinic_id) clinic_id, id from (
          select clinic_id, id, stale_at from referral where stale_at is not null and stale_noted_at is null and stale_at <= $1 order by stale_at, id limit $2) late
        order by clinic_id, stale_at, id`,
      values: [now, limit],
    });
    return rows.map((row) => ({ clinicId: row.clinic_id, id: row.id }));
  }

  /** They come back on top, each once, and open worklists hear of it. Those that somebody moves at this moment are left alone. */
  async perform({ clinicId }: DueRow): Promise<void> {
    await this.transactions.run(cairnScope(clinicId, this.name, newId()), async (tx) => {
      const late = await this.#late(tx);
      if (late.length === 0) return;
      const settings = await this.moves.settings(tx);
      const now = tx.clock.now();
      for (const referral of late) {
        referral.staleNotedAt = now;
        arrange(referral, settings, now);
      }
      await audit(tx, { action: 'update', what: 'referral.stale', entities: late.map(({ taskId }) => `Task/${taskId}`), patients: [...new Set(late.map(({ patientId }) => patientId))] });
      await tx.flush();
      if (late.length === BATCH) await tx.ring();
    });
  }

  #late(tx: Tx): Promise<Referral[]> {
    const due = { clinicId: tx.scope.clinicId, staleAt: { $lte: tx.clock.now() }, staleNotedAt: null };
    return tx.em.find(Referral, due, { orderBy: { staleAt: 'asc', id: 'asc' }, limit: BATCH, lockMode: LockMode.PESSIMISTIC_PARTIAL_WRITE });
  }
}
