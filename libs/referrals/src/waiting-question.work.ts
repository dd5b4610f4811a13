import { Injectable } from '@nestjs/common';
import { newId } from '@cairn/kernel';
import { Transactions, cairnScope, type DueRow, type DueWork, type Lane, type Queryable } from '@cairn/platform';
import { ReferralMoves } from './referral-moves.service.js';
import { WaitingList } from './waiting-list.service.js';

/** Asks waiting patients at intervals whether they still want to come, and whether it has become worse. */
@Injectable()
export class WaitingQuestionWork implements DueWork {
  readonly name = 'referral-waiting-question';
  readonly lane: Lane = 'events';

  constructor(
    private readonly transactions: Transactions,
    private readonly moves: ReferralMoves,
    private readonly waiting: WaitingList,
  ) {}

  async due(database: Queryable, now: Date, limit: number): Promise<DueRow[]> {
    const rows = await database.query<{ clinic_id: string; id: string; waiting_ask_at: Date }>({
      name: 'referral-waiting-due',
      text: `select clinic_id, id, waiting_ask_at from referral where waiting_ask_at is not null and waiting_ask_at <= $1 order by waiting_ask_at limit $2`,
      values: [now, limit],
    });
    return rows.map((row) => ({ clinicId: row.clinic_id, id: row.id, turn: row.waiting_ask_at.getTime() }));
  }

  async perform({ clinicId, id }: DueRow): Promise<void> {
    await this.transactions.run(cairnScope(clinicId, this.name, newId()), async (tx) => this.waiting.comeDue(tx, await this.moves.lock(tx, id)));
  }
}
