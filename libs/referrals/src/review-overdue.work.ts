import { Injectable } from '@nestjs/common';
import { newId } from '@cairn/kernel';
import { Transactions, cairnScope, type DueRow, type DueWork, type Lane, type Queryable } from '@cairn/platform';
import { ReferralMoves } from './referral-moves.service.js';
import { ReferralSafety } from './referral-safety.service.js';

/** Brings weak red flags that nobody looked at the same day to the rota. */
@Injectable()
export class ReviewOverdueWork implements DueWork {
  readonly name = 'referral-review-overdue';
  readonly lane: Lane = 'safety';

  constructor(
    private readonly transactions: Transactions,
    private readonly moves: ReferralMoves,
    private readonly safety: ReferralSafety,
  ) {}

  async due(database: Queryable, now: Date, limit: number): Promise<DueRow[]> {
    const rows = await database.query<{ clinic_id: string; id: string; review_due_at: Date }>({
      name: 'referral-review-due',
      text: `select clinic_id, id, review_due_at from referral where review_due_at is not null and review_escalated_at is null and review_due_at <= $1 order by review_due_at limit $2`,
      values: [now, limit],
    });
    return rows.map((row) => ({ clinicId: row.clinic_id, id: row.id, turn: row.review_due_at.getTime() }));
  }

  /** Does nothing when somebody looked in the meantime. */
  async perform({ clinicId, id }: DueRow): Promise<void> {
    await this.transactions.run(cairnScope(clinicId, this.name, newId()), async (tx) => this.safety.escalateReview(tx, await this.moves.lock(tx, id)));
  }
}
