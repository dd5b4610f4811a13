import { Inject, Injectable } from '@nestjs/common';
import { invalid } from '@cairn/kernel';
import { Transactions, audit, type Scope } from '@cairn/platform';
import { RED_FLAGS } from './red-flag-rules.js';

/** From when until when referrals came in; the last of it does not count. */
export interface ReportPeriod {
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

/** How often one flag was found, hinted at and denied, and in how many referrals it was found of every hundred. */
interface FlagCount {
  readonly flag: string;
  readonly label: string;
  readonly level: string;
  readonly found: number;
  readonly hinted: number;
  readonly denied: number;
  readonly foundPer100: number | null;
}

/** How much the red flags alarm, so that noise is seen. */
export interface SafetyReport {
  readonly from: Date;
  readonly to: Date;
  readonly referrals: number;
  /** Hard stops and weak features that were found, and hints, in all these referrals. */
  readonly alerts: { readonly hardStops: number; readonly concerns: number; readonly hints: number };
  /** All of them for each hundred referrals; null without a referral. */
  readonly alertsPer100: number | null;
  readonly hardStopsPer100: number | null;
  /** Minutes from finding a hard stop to its acknowledgement; null where none was acknowledged. */
  readonly minutesToAcknowledgement: { readonly median: number | null; readonly p90: number | null; readonly open: number };
  readonly flags: readonly FlagCount[];
}

const DAY_MS = 86_400_000;
const USUAL_DAYS = 90;

const per100 = (count: number, referrals: number): number | null => (referrals === 0 ? null : Math.round((count / referrals) * 1000) / 10);

/** Reports on the alarms that referrals raise. */
@Injectable()
export class SafetyReports {
  constructor(@Inject(Transactions) private readonly transactions: Transactions) {}

  /** Counts for referrals received in the period; the last 90 days when none is named. Refuses a period that ends before it begins. */
  async report(scope: Scope, { from, to }: ReportPeriod): Promise<SafetyReport> {
    return this.transactions.run(scope, async (tx) => {
      const end = to ?? tx.clock.now();
      const begin = from ?? new Date(end.getTime() - USUAL_DAYS * DAY_MS);
      if (begin >= end) throw invalid('The period ends before it begins.', { code: 'fields', issues: [{ path: 'from', message: 'Must lie before `to`.' }] });
      const values = [scope.clinicId, begin, end];
      const [all] = await tx.query<{ referrals: number }>({ name: 'safety-report-all', text: `select count(*)::int as referrals from referral where clinic_id = $1 and received_at >= $2 and received_at < $3`, values });
      const counts = await tx.query<{ flag: string; found: number; hinted: number; denied: number }>({
        name: 'safety-report-flags',
        text: `select f.flag, count(*) filter (where f.state = 'found')::int as found, count(*) filter (where f.state = 'hinted')::int as hinted, count(*) filter (where f.state = 'denied')::int as denied
          from referral r join referral_flag f on f.clinic_id = r.clinic_id and f.referral_id = r.id
          where r.clinic_id = $1 and r.received_at >= $2 and r.received_at < $3 group by f.flag`,
        values,
      });
      const [times] = await tx.query<{ median: number | null; p90: number | null; open: number }>({
        name: 'safety-report-times',
        text: `select percentile_cont(0.5) within group (order by extract(epoch from f.acknowledged_at - f.noted_at) / 60) as median,
            percentile_cont(0.9) within group (order by extract(epoch from f.acknowledged_at - f.noted_at) / 60) as p90,
            count(*) filter (where f.acknowledged_at is null)::int as open
          from referral r join referral_flag f on f.clinic_id = r.clinic_id and f.referral_id = r.id
          where r.clinic_id = $1 and r.received_at >= $2 and r.received_at < $3 and f.level = 'hard-stop' and f.state = 'found'`,
        values,
      });
      await audit(tx, { action: 'read', what: 'referral.safety-report' });
      return shape(begin, end, all?.referrals ?? 0, new Map(counts.map((row) => [row.flag, row])), times ?? { median: null, p90: null, open: 0 });
    });
  }
}

function shape(
  from: Date,
  to: Date,
  referrals: number,
  counts: ReadonlyMap<string, { readonly found: number; readonly hinted: number; readonly denied: number }>,
  times: SafetyReport['minutesToAcknowledgement'],
): SafetyReport {
  const flags = RED_FLAGS.map(({ id: flag, label, level }): FlagCount => {
    const { found, hinted, denied } = counts.get(flag) ?? { found: 0, hinted: 0, denied: 0 };
    return { flag, label, level, found, hinted, denied, foundPer100: per100(found, referrals) };
  });
  const sum = (of: readonly FlagCount[], key: 'found' | 'hinted'): number => of.reduce((total, line) => total + line[key], 0);
  const alerts = {
    hardStops: sum(flags.filter(({ level }) => level === 'hard-stop'), 'found'),
    concerns: sum(flags.filter(({ level }) => level === 'concern'), 'found'),
    hints: sum(flags, 'hinted'),
  };
  return {
    from,
    to,
    referrals,
    alerts,
    alertsPer100: per100(alerts.hardStops + alerts.concerns + alerts.hints, referrals),
    hardStopsPer100: per100(alerts.hardStops, referrals),
    minutesToAcknowledgement: { median: whole(times.median), p90: whole(times.p90), open: times.open },
    flags,
  };
}

const whole = (minutes: number | null): number | null => (minutes === null ? null : Math.round(minutes));
