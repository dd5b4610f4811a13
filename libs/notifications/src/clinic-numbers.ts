import { Injectable } from '@nestjs/common';
import { Transactions } from '@cairn/platform';

/** Finds the clinic whose number was written to. */
@Injectable()
export class ClinicNumbers {
  constructor(private readonly transactions: Transactions) {}

  /**
   * The id of the clinic that texts from this number (E.164), by its settings; undefined where none does, or more than one, since a reply must
   * not reach a clinic by guess. Reads only the table of clinics, which is open to every clinic; nothing about a patient.
   */
  async find(smsNumber: string): Promise<string | undefined> {
    const rows = await this.transactions.sweep((database) =>
      database.query<{ id: string }>({ name: 'clinic-by-sms-number', text: `select id from clinic where settings->'contact'->>'smsNumber' = $1 limit 2`, values: [smsNumber] }),
    );
    return rows.length === 1 ? rows[0]?.id : undefined;
  }
}
