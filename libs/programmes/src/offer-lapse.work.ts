import { Injectable } from '@nestjs/common';
import { decide, newId } from '@cairn/kernel';
import { Transactions, cairnScope, type DueRow, type DueWork, type Queryable } from '@cairn/platform';
import { EnrolmentRecords } from './enrolment-records.service.js';
import { enrolmentMachine } from './enrolment.workflow.js';
import { Enrolments } from './enrolments.service.js';

/** Takes back an offer that nobody answered in its time, and offers the place to the next. */
@Injectable()
export class OfferLapseWork implements DueWork {
  readonly name = 'enrolment-offer-lapsed';
  readonly lane = 'events';

  constructor(
    private readonly transactions: Transactions,
    private readonly records: EnrolmentRecords,
    private readonly enrolments: Enrolments,
  ) {}

  async due(database: Queryable, now: Date, limit: number): Promise<DueRow[]> {
    const rows = await database.query<{ clinic_id: string; id: string; offered_until: Date }>({
      name: 'enrolment-offer-lapsed',
      text: `select clinic_id, id, offered_until from enrolment where state = 'offered' and offered_until <= $1 order by offered_until, id limit $2`,
      values: [now, limit],
    });
    return rows.map((row) => ({ clinicId: row.clinic_id, id: row.id, turn: row.offered_until.getTime() }));
  }

  async perform({ clinicId, id }: DueRow): Promise<void> {
    await this.transactions.run(cairnScope(clinicId, this.name, newId()), async (tx) => {
      const rows = await this.records.lock(tx, id);
      const { state, offeredUntil } = rows.enrolment;
      const offerOver = offeredUntil !== null && offeredUntil <= tx.clock.now();
      if (decide(enrolmentMachine, state, 'lapse', { offerOver }).ok) await this.enrolments.passOn(tx, rows, 'lapse', 'The offer was not answered in its time.');
    });
  }
}
