import { Injectable } from '@nestjs/common';
import { newId } from '@cairn/kernel';
import { Transactions, cairnScope, type DueRow, type DueWork, type Lane, type Queryable } from '@cairn/platform';
import { Authorisations } from './authorisations.service.js';

/** Reminds before an authorisation runs out, and ends it when it has. */
@Injectable()
export class AuthorisationClockWork implements DueWork {
  readonly name = 'referral-authorisation-clock';
  readonly lane: Lane = 'events';

  constructor(
    private readonly transactions: Transactions,
    private readonly authorisations: Authorisations,
  ) {}

  async due(database: Queryable, now: Date, limit: number): Promise<DueRow[]> {
    const rows = await database.query<{ clinic_id: string; id: string; due_at: Date }>(
      `select clinic_id, id, due_at from referral_authorisation where due_at is not null and due_at <= $1 order by due_at limit $2`,
      [now, limit],
    );
    return rows.map((row) => ({ clinicId: row.clinic_id, id: row.id, turn: row.due_at.getTime() }));
  }

  async perform({ clinicId, id }: DueRow): Promise<void> {
    await this.transactions.run(cairnScope(clinicId, this.name, newId()), (tx) => this.authorisations.tick(tx, id));
  }
}
