import { Injectable } from '@nestjs/common';
import type { Tx } from '@cairn/platform';
import type { Flow, Reason, StepTime, Waiting } from './referral-report.js';
import { needOf } from '../worklist/search-words.js';
import type { Group } from './suppression.js';

/** The period: its first instant, the first after it, and the moment up to which anything is known. */
export interface Span {
  readonly from: Date;
  readonly until: Date;
  readonly known: Date;
}

const DAYS = (interval: string): string => `extract(epoch from ${interval}) / 86400`;
const SPREAD = (value: string): string => `round((percentile_cont(0.5) within group (order by ${value}))::numeric, 1)::float8 as median_days,
  round((percentile_cont(0.9) within group (order by ${value}))::numeric, 1)::float8 as p90_days`;
/** The adjusted clock from completeness to the first visit, in days. */
const WAITED = `greatest(0, ${DAYS('(r.first_seen_at - coalesce(r.complete_at, r.received_at))')} - r.paused_ms / 86400000)`;
/** How those with any access need are called. */
export const WITH_NEEDS = 'with access needs';
const LONGEST_MS = 30_000;

/** How each step of the log is called in the report. */
const STEP = `case when t.event = 'open-triage' then 'triage opened' when t.event = 'request-information' then 'information asked for'
  when t.event = 'take-effect' and t.to_state = 'accepted' then 'accepted' when t.event = 'take-effect' then 'returned' when t.event = 'waitlist' then 'waitlisted'
  when t.event = 'book' then 'booked' when t.event in ('attend', 'begin-care') then 'first seen' when t.event = 'close' then 'closed' end`;

interface SpreadRow {
  readonly median_days: number | null;
  readonly p90_days: number | null;
}

const spread = (row: SpreadRow): { medianDays: number | null; p90Days: number | null } => ({ medianDays: row.median_days, p90Days: row.p90_days });

/** Reads a report's figures: one statement over the rows of the period for each part. */
@Injectable()
export class ReportQueries {
  /** Ends a statement that takes longer than thirty seconds. Call first. */
  async bound(tx: Tx): Promise<void> {
    await tx.query(`set local statement_timeout = ${LONGEST_MS}`);
  }

  async waiting(tx: Tx, { from, until, known }: Span): Promise<Waiting[]> {
    const seen = await tx.query<SpreadRow & { urgency: string; seen: number; late: number }>(
      `select r.urgency, count(*)::int as seen, (count(*) filter (where r.first_seen_at > r.target_at))::int as late, ${SPREAD(WAITED)}
       from referral r where r.clinic_id = $1 and r.first_seen_at >= $2 and r.first_seen_at < $3 and r.state <> 'entered-in-error' group by r.urgency`,
      [tx.scope.clinicId, from, until],
    );
    const waiting = await tx.query<{ urgency: string; waiting: number; late: number }>(
      `select r.urgency, count(*)::int as waiting, (count(*) filter (where r.target_at < $2))::int as late from referral r
       where r.clinic_id = $1 and r.received_at < $2 and (r.settled_at is null or r.settled_at >= $2) and (r.first_seen_at is null or r.first_seen_at >= $2) group by r.urgency`,
      [tx.scope.clinicId, known],
    );
    return ['stat', 'asap', 'urgent', 'routine'].map((urgency) => {
      const done = seen.find((row) => row.urgency === urgency);
      const still = waiting.find((row) => row.urgency === urgency);
      return { urgency, seen: done?.seen ?? 0, seenLate: done?.late ?? 0, ...spread(done ?? { median_days: null, p90_days: null }), waiting: still?.waiting ?? 0, waitingLate: still?.late ?? 0 };
    });
  }

  async flow(tx: Tx, { from, until, known }: Span): Promise<Flow> {
    const [counts] = await tx.query<{ received: number; at_start: number; at_end: number }>(
      `select (count(*) filter (where received_at >= $2 and received_at < $3))::int as received,
         (count(*) filter (where received_at < $2))::int as at_start, (count(*) filter (where received_at < $4 and (settled_at is null or settled_at >= $4)))::int as at_end
       from referral where clinic_id = $1 and received_at < $3 and (settled_at is null or settled_at >= $2)`,
      [tx.scope.clinicId, from, until, known],
    );
    const over = await tx.query<{ state: string; count: number }>(
      `select state, count(*)::int as count from referral where clinic_id = $1 and settled_at >= $2 and settled_at < $3 group by state order by count desc, state`,
      [tx.scope.clinicId, from, until],
    );
    return { openAtStart: counts?.at_start ?? 0, received: counts?.received ?? 0, over, openAtEnd: counts?.at_end ?? 0 };
  }

  async reasons(tx: Tx, { from, until }: Span): Promise<Reason[]> {
    return tx.query<Reason & { state: string }>(
      `select state, coalesce(reason_code, 'none') as code, max(coalesce(reason_text, 'No reason recorded')) as text, count(*)::int as count from (
         select state, case when state = 'redirected' then 'redirected' else reason_code end as reason_code, case when state = 'redirected' then 'Passed on to somebody else' else reason_text end as reason_text
         from referral where clinic_id = $1 and settled_at >= $2 and settled_at < $3 and state in ('declined', 'redirected', 'closed-not-seen')) r
       group by state, code order by count desc, state, code limit 200`,
      [tx.scope.clinicId, from, until],
    );
  }

  async steps(tx: Tx, { from, until }: Span): Promise<StepTime[]> {
    const rows = await tx.query<SpreadRow & { step: string; referrals: number }>(
      `select step, count(*)::int as referrals, ${SPREAD('days')} from (
         select ${STEP} as step, greatest(0, ${DAYS('(min(t.happened_at) - r.received_at)')}) as days
         from referral r join referral_transition t on t.clinic_id = r.clinic_id and t.referral_id = r.id
         where r.clinic_id = $1 and r.received_at >= $2 and r.received_at < $3 group by r.id, r.received_at, 1) first
       where step is not null group by step order by median_days, step`,
      [tx.scope.clinicId, from, until],
    );
    return rows.map((row) => ({ step: row.step, referrals: row.referrals, ...spread(row) }));
  }

  /** Those first seen in the period, by each access need that they have. */
  async needs(tx: Tx, { from, until }: Span): Promise<Group[]> {
    const rows = await tx.query<SpreadRow & { word: string; count: number }>(
      `select w.word, count(*)::int as count, ${SPREAD(WAITED)} from referral r join referral_word w on w.clinic_id = r.clinic_id and w.referral_id = r.id and w.source = 'need'
       where r.clinic_id = $1 and r.first_seen_at >= $2 and r.first_seen_at < $3 and r.state <> 'entered-in-error' group by w.word`,
      [tx.scope.clinicId, from, until],
    );
    return rows.map((row) => ({ group: needOf(row.word), count: row.count, medianDays: row.median_days }));
  }

  /** Those first seen in the period, by one column of the row. */
  async split(tx: Tx, { from, until }: Span, by: 'language' | 'area' | 'needs_access'): Promise<Group[]> {
    const rows = await tx.query<SpreadRow & { group: string; count: number }>(
      `select coalesce(r.${by}::text, 'not known') as group, count(*)::int as count, ${SPREAD(WAITED)}
       from referral r where r.clinic_id = $1 and r.first_seen_at >= $2 and r.first_seen_at < $3 and r.state <> 'entered-in-error' group by 1`,
      [tx.scope.clinicId, from, until],
    );
    const nameOf = (group: string): string => (by === 'needs_access' ? (group === 'true' ? WITH_NEEDS : 'without access needs') : group);
    return rows.map((row) => ({ group: nameOf(row.group), count: row.count, medianDays: row.median_days }));
  }
}
