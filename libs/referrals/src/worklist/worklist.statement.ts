import type { Statement, Tx } from '@cairn/platform';
import { needWord } from './search-words.js';
import { Values } from './values.js';
import { rarest, saidWithin, wordRanges, type WordRange } from './word-statement.js';
import { type OPEN_VIEWS, isOpenView, type Place, type View, type WorklistFilters } from './worklist.js';

/** For whom, when and where a view is read. */
export interface Viewer {
  readonly clinicId: string;
  readonly personId: string;
  /** Teams behind `my-team`. */
  readonly teams: readonly string[];
  readonly now: Date;
}

/** What narrows a view, with the words of its text as they are looked for. */
export interface Narrowing {
  readonly filters: WorklistFilters;
  readonly words: readonly WordRange[];
  /** The one of the words whose entries are fetched; none where all words are common. */
  readonly rarest?: WordRange | undefined;
}

/** What the filters ask for, with a look at how common the words of their text are. */
export async function narrowing(tx: Tx, filters: WorklistFilters): Promise<Narrowing> {
  const words = filters.text === undefined ? [] : wordRanges(filters.text);
  return { filters, words, rarest: await rarest(tx, words) };
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

type OpenView = (typeof OPEN_VIEWS)[number];
type ClosedView = Exclude<View, OpenView>;

const OPEN: Readonly<Record<OpenView, Shape>> = {
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

const CLOSED: Readonly<Record<ClosedView, (viewer: Viewer, values: Values) => string>> = {
  returned: () => `r.state in ('declined', 'redirected')`,
  'closed-this-week': ({ now }, values) => `r.settled_at > ${values.add(now)}::timestamptz - interval '7 days'`,
};

const FIRST_ID = '00000000-0000-0000-0000-000000000000';
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** The day's milliseconds, by which ages of waits are told. */
const DAY_MS = 86_400_000;

/**
 * Reads the rows of one page: id, rank and due (a text to the microsecond). Each rank (and team) is read by itself from the index that ends in the view's
 * order, from the place on, and not more than a page of it; so the work is the same at any depth and size. Where a rare word is asked for, its entries lead.
 */
export function pageStatement(view: View, narrowing: Narrowing, viewer: Viewer, after: Place | undefined, limit: number): Statement {
  const values = new Values();
  const most = values.add(limit);
  const rows = isOpenView(view)
    ? openRows(view, narrowing, viewer, values, { after, columns: `r.id, r.rank, r.${OPEN[view].due} as due`, first: `order by r.${OPEN[view].due}, r.id limit ${most}` })
    : closedRows(view, narrowing, viewer, values, { after, columns: 'r.id, 0::smallint as rank, r.settled_at as due', first: `order by r.settled_at desc, r.id desc limit ${most}` });
  const text = `select c.id, c.rank, to_char(c.due at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as due from ${rows}
    order by ${isOpenView(view) ? 'c.rank, c.due, c.id' : 'c.due desc, c.id desc'} limit ${most}`;
  return statement(`referral-page-${view}`, text, values, narrowing);
}

/** Counts the rows of a view, up to `most`. */
export function countStatement(view: View, narrowing: Narrowing, viewer: Viewer, most: number): Statement {
  const values = new Values();
  const limit = `limit ${values.add(most)}`;
  const part = { after: undefined, columns: '1', first: limit };
  const rows = isOpenView(view) ? openRows(view, narrowing, viewer, values, part) : closedRows(view, narrowing, viewer, values, part);
  return statement(`referral-count-${view}`, `select count(*)::int as count from (select 1 from ${rows} ${limit}) counted`, values, narrowing);
}

/** What of a view is read: what lies after a place, as these columns, and the first of it in this order. */
interface Part {
  readonly after: Place | undefined;
  readonly columns: string;
  readonly first: string;
}

/** Rows `c` of an open view. */
function openRows(view: OpenView, narrowing: Narrowing, viewer: Viewer, values: Values, { after, columns, first }: Part): string {
  const { due, ranks, where, byTeam } = OPEN[view];
  const [rank, dueAfter, idAfter] = after ?? [-1, '-infinity', FIRST_ID];
  const open = `r.clinic_id = ${values.add(viewer.clinicId)} and r.settled_at is null${where ? ` and ${where(viewer, values)}` : ''}${narrowed(narrowing, viewer, values)}`;
  if (narrowing.rarest) {
    const place = `(r.rank, r.${due}, r.id) > (${values.add(rank)}::smallint, ${values.add(dueAfter)}::timestamptz, ${values.add(idAfter)}::uuid)`;
    const team = byTeam ? ` and r.team_id = any(${values.add(viewer.teams)}::uuid[])` : '';
    return ledBy(narrowing.rarest, `select ${columns} from referral r where ${open} and r.rank = any(${values.add(ranks)}::smallint[])${team} and ${place}`, viewer, values);
  }
  const teams = byTeam ? viewer.teams : [null];
  const lanes = ranks.filter((each) => each >= rank).flatMap((each) => teams.map((team) => ({ team, rank: each, ...(each === rank ? { due: dueAfter, id: idAfter } : { due: '-infinity', id: FIRST_ID }) })));
  const arrays = [
    `${values.add(lanes.map((lane) => lane.rank))}::smallint[]`,
    `${values.add(lanes.map((lane) => lane.due))}::timestamptz[]`,
    `${values.add(lanes.map((lane) => lane.id))}::uuid[]`,
    ...(byTeam ? [`${values.add(lanes.map((lane) => lane.team))}::uuid[]`] : []),
  ];
  return `unnest(${arrays.join(', ')}) as lane (rank, due, id${byTeam ? ', team' : ''})
    cross join lateral (select ${columns} from referral r where ${open} and r.rank = lane.rank${byTeam ? ' and r.team_id = lane.team' : ''} and (r.${due}, r.id) > (lane.due, lane.id) ${first}) c`;
}

/** Rows `c` of a view of what is over. */
function closedRows(view: ClosedView, narrowing: Narrowing, viewer: Viewer, values: Values, { after, columns, first }: Part): string {
  const place = `(r.settled_at, r.id) < (${values.add(after?.[1] ?? 'infinity')}::timestamptz, ${values.add(after?.[2] ?? LAST_ID)}::uuid)`;
  const rows = `select ${columns} from referral r
    where r.clinic_id = ${values.add(viewer.clinicId)} and r.settled_at is not null and ${CLOSED[view](viewer, values)} and ${place}${narrowed(narrowing, viewer, values)}`;
  return narrowing.rarest ? ledBy(narrowing.rarest, rows, viewer, values) : `(${rows} ${first}) c`;
}

/** Rows `c` among those that the entries of a rare word lead to. `offset 0` keeps PostgreSQL from beginning elsewhere. */
const ledBy = (word: WordRange, rows: string, { clinicId }: Viewer, values: Values): string =>
  `(select distinct w.referral_id from referral_word w where ${saidWithin(word, clinicId, values)} offset 0) said cross join lateral (${rows} and r.id = said.referral_id offset 0) c`;

/** The filters as conditions. Only operators that PostgreSQL lets pass row-level security to an index: equality and order. */
function narrowed({ filters, words, rarest }: Narrowing, { clinicId, now }: Viewer, values: Values): string {
  const equal = (column: string, value: string | undefined, type = 'text'): string[] => (value === undefined ? [] : [`r.${column} = ${values.add(value)}::${type}`]);
  const need = filters.accessNeed;
  const needed = (code: string): string => `exists (select from referral_word w where w.clinic_id = ${values.add(clinicId)} and w.referral_id = r.id and w.word = ${values.add(needWord(code))} and w.source = 'need')`;
  const daysAgo = (days: number): string => `${values.add(new Date(now.getTime() - days * DAY_MS))}::timestamptz`;
  const conditions = [
    ...equal('urgency', filters.urgency),
    ...equal('patient_id', filters.patient),
    ...equal('discipline', filters.discipline),
    ...equal('programme', filters.programme),
    ...equal('referrer_key', filters.referrer && referrerKey(filters.referrer)),
    ...equal('language', filters.language),
    ...equal('team_id', filters.team, 'uuid'),
    ...(filters.notTakenByEhr ? ['r.not_taken is not null'] : []),
    ...(need === 'any' || need === 'none' ? [`r.needs_access = ${need === 'any'}`] : need === undefined ? [] : [needed(need)]),
    ...(filters.waitedAtLeast === undefined ? [] : [`r.received_at <= ${daysAgo(filters.waitedAtLeast)}`]),
    ...(filters.waitedAtMost === undefined ? [] : [`r.received_at > ${daysAgo(filters.waitedAtMost + 1)}`]),
    ...(filters.text !== undefined && words.length === 0 ? ['false'] : []),
    ...words.filter((word) => word !== rarest).map((word) => `exists (select from referral_word w where w.referral_id = r.id and ${saidWithin(word, clinicId, values)} offset 0)`),
  ];
  return conditions.map((condition) => ` and ${condition}`).join('');
}

/** How referrers are compared: a reference as it is, a name in any case and spacing. */
export const referrerKey = (name: string): string => name.trim().toLowerCase().replace(/\s+/g, ' ').slice(0, 200);

/** Without filters the statement is prepared once; with them PostgreSQL plans by the values, since how rare they are decides which index is the better one. */
const statement = (name: string, text: string, values: Values, { filters }: Narrowing): Statement =>
  Object.values(filters).every((value) => value === undefined) ? { name, text, values: values.all } : { text, values: values.all };
