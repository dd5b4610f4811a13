import { Injectable } from '@nestjs/common';
import { newId } from '@cairn/kernel';
import { Transactions, cairnScope, type DueRow, type DueWork, type Lane, type Queryable } from '@cairn/platform';
import { IncompleteReferrals } from './incomplete-referral.service.js';
import { ReferralMoves } from './referral-moves.service.js';

/** Wakes referrals whose information did not come in time. */
@Injectable()
export class IncompleteReferralWork implements DueWork {
  readonly name = 'referral-incomplete';
  readonly lane: Lane = 'events';

  constructor(
    private readonly transactions: Transactions,
    private readonly moves: ReferralMoves,
    private readonly incomplete: IncompleteReferrals,
  ) {}

  async due(database: Queryable, now: Date, limit: number): Promise<DueRow[]> {
    const rows = await database.query<{ clinic_id: string; id: string; information_due_at: Date }>({
      name: 'referral-incomplete-due',
      text: `select clinic_id, id, information_due_at from referral where information_due_at is not null and information_due_at <= $1 order by information_due_at limit $2`,
      values: [now, limit],
    });
    return rows.map((row) => ({ clinicId: row.clinic_id, id: row.id, turn: row.information_due_at.getTime() }));
  }

  async perform({ clinicId, id }: DueRow): Promise<void> {
    await this.transactions.run(cairnScope(clinicId, this.name, newId()), async (tx) => this.incomplete.comeDue(tx, await this.moves.lock(tx, id)));
  }
}
