import { Injectable } from '@nestjs/common';
import { newId } from '@cairn/kernel';
import { Transactions, cairnScope, type DueRow, type DueWork, type Lane, type Queryable } from '@cairn/platform';
import { ReferralMoves } from './referral-moves.service.js';

/** Brings referrals back on top that nobody has moved for too long. */
@Injectable()
export class StaleReferralWork implements DueWork {
  readonly name = 'referral-stale';
  readonly lane: Lane = 'events';

  constructor(
    private readonly transactions: Transactions,
    private readonly moves: ReferralMoves,
  ) {}

  async due(database: Queryable, now: Date, limit: number): Promise<DueRow[]> {
    const rows = await database.query<{ clinic_id: string; id: string; stale_at: Date }>({
      name: 'referral-stale-due',
      text: `select clinic_id, id, stale_at from referral where stale_at is not null and stale_noted_at is null and stale_at <= $1 order by stale_at limit $2`,
      values: [now, limit],
    });
    return rows.map((row) => ({ clinicId: row.clinic_id, id: row.id, turn: row.stale_at.getTime() }));
  }

  async perform({ clinicId, id }: DueRow): Promise<void> {
    await this.transactions.run(cairnScope(clinicId, this.name, newId()), async (tx) => this.moves.comeStale(tx, await this.moves.lock(tx, id)));
  }
}
