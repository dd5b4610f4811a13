import { Injectable } from '@nestjs/common';
import { Transactions, audit, readAuditTrail, type AuditPlace, type AuditRow, type Scope } from '@cairn/platform';

/** One time that somebody saw, received, changed or was refused something of a patient. */
export interface Disclosure {
  readonly at: Date;
  /** `person`, `system`, `patient`, or `cairn` for what left the house by itself: messages and deliveries to EHRs. */
  readonly kind: string;
  readonly who: string;
  readonly name: string | null;
  readonly connectionId: string | null;
  readonly act: string;
  readonly outcome: string;
  readonly reason: string | null;
  /** What it was, as `Type/id`. */
  readonly of: readonly string[];
  readonly correlationId: string;
}

/** A page of the report. `next` is the cursor of the page after it, absent on the last. */
export interface DisclosurePage {
  readonly items: readonly Disclosure[];
  readonly next?: string;
}

/** Which part of the report is asked for. */
export interface DisclosuresAsked {
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  readonly after?: AuditPlace | undefined;
  readonly limit: number;
}

/** Reports who saw or received what of a patient, from the audit. */
@Injectable()
export class Disclosures {
  constructor(private readonly transactions: Transactions) {}

  /** A page of the report, newest first. Looking at it is recorded like any other look at the patient. */
  async of(scope: Scope, patientId: string, { from, to, after, limit }: DisclosuresAsked): Promise<DisclosurePage> {
    return this.transactions.run(scope, async (tx) => {
      const rows = await readAuditTrail(tx, {
        conditions: ['a.id in (select o.id from audit_of_patients($2::text[]) o)', `a.recorded_at >= coalesce($3::timestamptz, '-infinity')`, `a.recorded_at < coalesce($4::timestamptz, 'infinity')`],
        values: [[patientId], from ?? null, to ?? null],
        newestFirst: true,
        after,
        limit: limit + 1,
      });
      const shown = rows.slice(0, limit);
      const last = rows.length > limit ? shown.at(-1) : undefined;
      await audit(tx, { action: 'read', what: 'patient.disclosures', patients: [patientId] });
      return { items: shown.map(disclosureOf), ...(last ? { next: Buffer.from(JSON.stringify(last.place)).toString('base64url') } : {}) };
    });
  }
}

const disclosureOf = (row: AuditRow): Disclosure => ({
  at: row.recordedAt,
  kind: row.actorKind,
  who: row.actorId,
  name: row.actorName,
  connectionId: row.connectionId,
  act: row.what,
  outcome: row.outcome,
  reason: row.purpose,
  of: row.entities,
  correlationId: row.correlationId,
});
