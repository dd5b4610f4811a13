import { Injectable } from '@nestjs/common';
import { invalid } from '@cairn/kernel';
import { Clinics, Transactions, audit, type Clinic, type Scope, type Tx } from '@cairn/platform';
import type { ReferralReport, ReportQuery } from './referral-report.js';
import { ReportQueries, WITH_NEEDS, type Span } from './report.queries.js';
import settings from './report-settings.json' with { type: 'json' };
import { withoutSmallGroups, withoutSmallNeeds, type Group, type Split } from './suppression.js';

const SPLITS = [
  ['language', 'language'],
  ['access needs', 'needs_access'],
  ['postcode area', 'area'],
] as const;

/** Makes the report on referrals. It holds numbers only, and each making is audited. */
@Injectable()
export class ReferralReports {
  constructor(
    private readonly transactions: Transactions,
    private readonly clinics: Clinics,
    private readonly queries: ReportQueries,
  ) {}

  /** The report over whole months of the clinic's own calendar. Refuses months out of order, too many of them, and those to come. */
  async make(scope: Scope, { from, through }: Pick<ReportQuery, 'from' | 'through'>): Promise<ReferralReport> {
    const clinic = await this.clinics.get(scope.clinicId);
    return this.transactions.run(scope, async (tx) => {
      await this.queries.bound(tx);
      const span = await this.#span(tx, clinic, from, through);
      const equity: Split[] = [];
      for (const [by, column] of SPLITS) {
        const groups = await this.queries.split(tx, span, column);
        equity.push(withoutSmallGroups(by, groups));
        if (column === 'needs_access') equity.push(withoutSmallNeeds('each access need', await this.queries.needs(tx, span), sizes(groups)));
      }
      const report: ReferralReport = {
        clinic: clinic.name,
        period: { from: span.from, until: span.until },
        generatedAt: tx.clock.now(),
        waiting: await this.queries.waiting(tx, span),
        flow: await this.queries.flow(tx, span),
        reasons: await this.queries.reasons(tx, span),
        steps: await this.queries.steps(tx, span),
        equity,
      };
      await audit(tx, { action: 'read', what: 'report.referrals', entities: [`ReferralReport/${from}..${through}`] });
      return report;
    });
  }

  async #span(tx: Tx, { zone }: Clinic, from: string, through: string): Promise<Span> {
    if (through < from) throw invalid('The months are out of order.', { issues: [{ path: 'through', message: 'Must not be earlier than `from`.' }] });
    const months = monthNumber(through) - monthNumber(from) + 1;
    if (months > settings.mostMonths.value) throw invalid('The report covers too many months.', { issues: [{ path: 'from', message: `At most ${settings.mostMonths.value} months are reported at once.` }] });
    const [row] = await tx.query<{ from: Date; until: Date }>(
      `select ($1 || '-01')::timestamp at time zone $3 as "from", (($2 || '-01')::timestamp + interval '1 month') at time zone $3 as until`,
      [from, through, zone],
    );
    const now = tx.clock.now();
    if (!row || row.from > now) throw invalid('These months have not begun.', { issues: [{ path: 'from', message: 'Must be a month that has begun.' }] });
    return { ...row, known: row.until < now ? row.until : now };
  }
}

/** How many have any access need, of how many. */
const sizes = (groups: readonly Group[]): { readonly anyNeed: number; readonly total: number } => ({
  anyNeed: groups.find(({ group }) => group === WITH_NEEDS)?.count ?? 0,
  total: groups.reduce((sum, { count }) => sum + count, 0),
});

const monthNumber = (month: string): number => Number(month.slice(0, 4)) * 12 + Number(month.slice(5));
