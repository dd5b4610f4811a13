import type { Tx } from '@cairn/platform';
import rules from './referral-rules.json' with { type: 'json' };
import type { Referral } from './referral.entity.js';

/** Where a waiting patient stands, and when their turn may come. */
export interface WaitingPlace {
  /** 1 is next. Counted among those who wait for the same pathway: the more urgent first, then who was accepted first. */
  readonly position: number;
  readonly of: number;
  /** Patients who left this list to be seen, a week, over the last weeks. */
  readonly perWeek: number;
  /** From the position and the recent flow; null while nobody has left the list lately. */
  readonly estimatedAt: Date | null;
  readonly flowDays: number;
}

const DAY_MS = 86_400_000;
const FLOW_DAYS = rules.flowDays.value;

/** The order of urgency on the list. */
const URGENCY = `case urgency when 'stat' then 0 when 'asap' then 1 when 'urgent' then 2 else 3 end`;

/** The place of a referral that waits; null for any other. */
export async function waitingPlace(tx: Tx, referral: Referral, now: Date): Promise<WaitingPlace | null> {
  if (referral.state !== 'waitlisted') return null;
  const [row] = await tx.query<{ position: number; of: number; left: number }>({
    name: 'referral-waiting-place',
    text: `with waiting as (
        select id, row_number() over (order by ${URGENCY}, accepted_at, id)::int as position, count(*) over ()::int as of
        from referral where clinic_id = $1 and settled_at is null and state = 'waitlisted' and pathway is not distinct from $2
      )
      select position, of, (
        select count(*)::int from referral_transition t join referral r on r.clinic_id = t.clinic_id and r.id = t.referral_id
        where t.clinic_id = $1 and t.from_state = 'waitlisted' and t.event in ('book', 'begin-care') and t.happened_at > $4 and r.pathway is not distinct from $2
      ) as left from waiting where id = $3`,
    values: [referral.clinicId, referral.pathway ?? null, referral.id, new Date(now.getTime() - FLOW_DAYS * DAY_MS)],
  });
  if (!row) return null;
  const perDay = row.left / FLOW_DAYS;
  return {
    position: row.position,
    of: row.of,
    perWeek: Math.round(perDay * 70) / 10,
    estimatedAt: perDay > 0 ? new Date(now.getTime() + (row.position / perDay) * DAY_MS) : null,
    flowDays: FLOW_DAYS,
  };
}
