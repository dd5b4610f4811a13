import type { Statement } from '@cairn/platform';
import { needWord, searchWords } from './search-words.js';
import { isOpenView, type Place, type View, type WorklistFilters } from './worklist.js';

/** For whom, when and where a view is read. */
export interface Viewer {
  readonly clinicId: string;
  readonly personId: string;
  /** Teams behind `my-team`. */
  readonly teams: readonly string[];
  readonly now: Date;
}

interface Shape {
  /** By which date the view is ordered, after the rank. */
  readonly due: 'next_action_at' | 'target_at' | 'stale_at';
  /** Ranks that the view can hold. */
  readonly ranks: readonly number[];
  readonly where?: (viewer: Viewer, values: Values) => string;
  /** Its rows are told apart by team first. */
  readonly byTeam?: boolean;
}

const ALL_RANKS = [0, 1, 2];
const usual = { due: 'next_action_at', ranks: ALL_RANKS } as const;
const inState = (states: string): Shape => ({ ...usual, where: () => `r.state ${states}` });

const OPEN: Readonly<Record<Exclude<View, 'returned' | 'closed-this-week'>, Shape>> = {
  open: usual,
  unassigned: { ...usual, where: () => 'r.owner_id is null' },
  mine: { ...usual, where: ({ personId }, values) => `r.owner_id = ${values.add(personId)}::text` },
  'my-team': { ...usual, byTeam: true },
  'red-flags': { ...usual, ranks: [0, 1] },
  breaching: { due: 'target_at', ranks: ALL_RANKS, where: ({ now }, values) => `r.first_seen_at is null and r.target_at < ${values.add(now)}::timestamptz` },
  'waiting-for-information': inState(`= 'information-requested'`),
  waitlisted: inState(`= 'waitlisted'`),
  'to-book': inState(`in ('accepted', 'to-rebook') and r.decision_due_at is null`),
  stale: { due: 'stale_at', ranks: ALL_RANKS, where: ({ now }, values) => `r.stale_at < ${values.add(now)}::timestamptz` },
};

const CLOSED: Readonly<Record<'returned' | 'closed-this-week', (viewer: Viewer, values: Values) => string>> = {
  returned: () => `r.state in ('declined', 'redirected')`,
  'closed-this-week': ({ now }, values) => `r.settled_at > ${values.add(now)}::timestamptz - interval '7 days'`,
};

/** Collects parameters and says by which number each goes. */
class Values {
  readonly all: unknown[] = [];

  add(value: unknown): string {
    this.all.push(value);
    return `$${this.all.length}`;
  }
}

const FIRST_ID = '00000000-0000-0000-0000-000000000000';
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** The day's milliseconds, by which ages of waits are told. */
const DAY_MS = 86_400_000;

/**
 * Reads the rows of one page: id, rank and due (a text to the microsecond). Each rank (and team) is read by itself from the index that ends in the view's
 * order, from the place on, and not more than a page of it; so the work is the same at any depth and size.
 */
export function pageStatement(view: View, filters: WorklistFilters, viewer: Viewer, after: Place | undefined, limit: number): Statement {
  const values = new Values();
  const most = values.add(limit);
  const due = `to_char(c.due at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as due`;
  if (!isOpenView(view)) {
    const [dueBefore, idBefore] = [values.add(after?.[1] ?? 'infinity'), values.add(after?.[2] ?? LAST_ID)];
    const text = `select c.id, 0::smallint as rank, ${due} from (
        select r.id, r.settled_at as due from referral r
        where r.clinic_id = ${values.add(viewer.clinicId)} and r.settled_at is not null and ${CLOSED[view](viewer, values)}
          and (r.settled_at, r.id) < (${dueBefore}::timestamptz, ${idBefore}::uuid)${narrowed(filters, viewer, values)}
        order by r.settled_at desc, r.id desc limit ${most}) c
      order by c.due desc, c.id desc`;
    return statement(`referral-page-${view}`, text, values, filters);
  }
  const { lanes, from } = openRows(view, filters, viewer, after, values);
  const text = `select c.id, c.rank, ${due} from ${lanes}
    cross join lateral (select r.id, r.rank, r.${OPEN[view].due} as due ${from} order by r.${OPEN[view].due}, r.id limit ${most}) c
    order by c.rank, c.due, c.id limit ${most}`;
  return statement(`referral-page-${view}`, text, values, filters);
}

/** Counts the rows of a view, up to `most`. */
export function countStatement(view: View, filters: WorklistFilters, viewer: Viewer, most: number): Statement {
  const values = new Values();
  const limit = values.add(most);
  const counted = (rows: string): string => `select count(*)::int as count from (${rows} limit ${limit}) counted`;
  if (!isOpenView(view)) {
    const where = `r.clinic_id = ${values.add(viewer.clinicId)} and r.settled_at is not null and ${CLOSED[view](viewer, values)}${narrowed(filters, viewer, values)}`;
    return statement(`referral-count-${view}`, counted(`select 1 from referral r where ${where}`), values, filters);
  }
  const { lanes, from } = openRows(view, filters, viewer, undefined, values);
  return statement(`referral-count-${view}`, counted(`select 1 from ${lanes} cross join lateral (select 1 ${from} limit ${limit}) c`), values, filters);
}

function openRows(view: keyof typeof OPEN, filters: WorklistFilters, viewer: Viewer, after: Place | undefined, values: Values): { lanes: string; from: string } {
  const { due, ranks, where, byTeam } = OPEN[view];
  const [rank = -1, dueAfter = '-infinity', idAfter = FIRST_ID] = after ?? [];
  const teams = byTeam ? viewer.teams : [null];
  const lanes = ranks.filter((each) => each >= rank).flatMap((each) => teams.map((team) => ({ team, rank: each, ...(each === rank ? { due: dueAfter, id: idAfter } : { due: '-infinity', id: FIRST_ID }) })));
  const columns = [
    `${values.add(lanes.map((lane) => lane.rank))}::smallint[]`,
    `${values.add(lanes.map((lane) => lane.due))}::timestamptz[]`,
    `${values.add(lanes.map((lane) => lane.id))}::uuid[]`,
    ...(byTeam ? [`${values.add(lanes.map((lane) => lane.team))}::uuid[]`] : []),
  ];
  return {
    lanes: `unnest(${columns.join(', ')}) as lane (rank, due, id${byTeam ? ', team' : ''})`,
    from: `from referral r where r.clinic_id = ${values.add(viewer.clinicId)} and r.settled_at is null and r.rank = lane.rank
      ${byTeam ? 'and r.team_id = lane.team' : ''} and (r.${due}, r.id) > (lane.due, lane.id)
      ${where ? `and ${where(viewer, values)}` : ''}${narrowed(filters, viewer, values)}`,
  };
}

/** The filters as conditions. Only operators that PostgreSQL lets pass row-level security to an index: equality and order. */
function narrowed(filters: WorklistFilters, { clinicId, now }: Viewer, values: Values): string {
  const equal = (column: string, value: string | undefined, type = 'text'): string[] => (value === undefined ? [] : [`r.${column} = ${values.add(value)}::${type}`]);
  const said = (condition: string, source: string): string =>
    `exists (select 1 from referral_word w where w.clinic_id = ${values.add(clinicId)} and w.referral_id = r.id and ${condition} and w.source ${source})`;
  const words = filters.text === undefined ? [] : searchWords(filters.text).slice(0, 8);
  const need = filters.accessNeed;
  const daysAgo = (days: number): string => `${values.add(new Date(now.getTime() - days * DAY_MS))}::timestamptz`;
  const conditions = [
    ...equal('urgency', filters.urgency),
    ...equal('patient_id', filters.patient),
    ...equal('discipline', filters.discipline),
    ...equal('programme', filters.programme),
    ...equal('referrer_key', filters.referrer && referrerKey(filters.referrer)),
    ...equal('language', filters.language),
    ...equal('team_id', filters.team, 'uuid'),
    ...(need === 'any' || need === 'none' ? [`r.needs_access = ${need === 'any'}`] : need === undefined ? [] : [said(`w.word = ${values.add(needWord(need))}`, `= 'need'`)]),
    ...(filters.waitedAtLeast === undefined ? [] : [`r.received_at <= ${daysAgo(filters.waitedAtLeast)}`]),
    ...(filters.waitedAtMost === undefined ? [] : [`r.received_at > ${daysAgo(filters.waitedAtMost + 1)}`]),
    ...(filters.text !== undefined && words.length === 0 ? ['false'] : []),
    ...words.map((word, index) => {
      const last = index === words.length - 1;
      return said(last ? `w.word >= ${values.add(word)} and w.word < ${values.add(`${word}\u{10ffff}`)}` : `w.word = ${values.add(word)}`, `in ('request', 'note')`);
    }),
  ];
  return conditions.map((condition) => ` and ${condition}`).join('');
}

/** How referrers are compared: a reference as it is, a name in any case and spacing. */
export const referrerKey = (name: string): string => name.trim().toLowerCase().replace(/\s+/g, ' ').slice(0, 200);

/** Without filters the statement is prepared once; with them PostgreSQL plans by the values, since how rare they are decides which index is the better one. */
const statement = (name: string, text: string, values: Values, filters: WorklistFilters): Statement =>
  Object.values(filters).every((value) => value === undefined) ? { name, text, values: values.all } : { text, values: values.all };
