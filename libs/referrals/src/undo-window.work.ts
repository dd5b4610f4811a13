import { Injectable } from '@nestjs/common';
import { newId } from '@cairn/kernel';
import { Transactions, cairnScope, type DueRow, type DueWork, type Lane, type Queryable } from '@cairn/platform';
import { ReferralDecisions } from './referral-decisions.service.js';

/** Sends triage decisions on their way when they can no longer be undone. */
@Injectable()
export class UndoWindowWork implements DueWork {
  readonly name = 'referral-undo-window';
  readonly lane: Lane = 'events';

  constructor(
    private readonly transactions: Transactions,
    private readonly decisions: ReferralDecisions,
  ) {}

  async due(database: Queryable, now: Date, limit: number): Promise<DueRow[]> {
    const rows = await database.query<{ clinic_id: string; id: string; decision_due_at: Date }>(
      `select clinic_id, id, decision_due_at from referral where decision_due_at is not null and decision_due_at <= $1 order by decision_due_at limit $2`,
      [now, limit],
    );
    return rows.map((row) => ({ clinicId: row.clinic_id, id: row.id, turn: row.decision_due_at.getTime() }));
  }

  /** Does nothing when the decision was undone, cancelled or sent in the meantime. */
  async perform({ clinicId, id }: DueRow): Promise<void> {
    await this.transactions.run(cairnScope(clinicId, this.name, newId()), async (tx) => {
      await this.decisions.lock(tx, id);
    });
  }
}
