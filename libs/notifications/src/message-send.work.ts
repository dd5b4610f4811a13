import { Inject, Injectable } from '@nestjs/common';
import { KEYRING, type DueRow, type DueWork, type Keyring, type Queryable } from '@cairn/platform';
import { MessageClaims } from './message-claims.service.js';
import { MessageOutcomes } from './message-outcomes.service.js';
import { sealAttempt } from './status-token.js';

/** Sends messages: claim in one transaction, the call outside of any, the outcome in another. */
@Injectable()
export class MessageSendWork implements DueWork {
  readonly name = 'message-send';
  readonly lane = 'reminders';

  constructor(
    private readonly claims: MessageClaims,
    private readonly outcomes: MessageOutcomes,
    @Inject(KEYRING) private readonly keyring: Keyring,
  ) {}

  /** What is due on the clinic's clock and not held back in real time, and what was being sent when its lease ran out. */
  async due(database: Queryable, now: Date, limit: number): Promise<DueRow[]> {
    const rows = await database.query<{ clinic_id: string; id: string; turn: number }>({
      name: 'message-send-due',
      text: `select clinic_id, id, turn from message
        where state in ('queued', 'sending') and due_at <= $1 and (retry_at is null or retry_at <= clock_timestamp())
        order by due_at limit $2`,
      values: [now, limit],
    });
    return rows.map((row) => ({ clinicId: row.clinic_id, id: row.id, turn: row.turn }));
  }

  async perform(row: DueRow): Promise<void> {
    const errand = await this.claims.claim(row);
    if (!errand) return;
    const { clinicId, attemptId, carrier, letter } = errand;
    const outcome = await carrier.carry(letter, sealAttempt(this.keyring, { clinicId, attemptId }));
    await this.outcomes.record({ clinicId, attemptId }, outcome);
  }
}
