import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import type { Instance } from './instance.js';

const DAY_MS = 86_400_000;
/** One in five is open. */
const OPEN_EVERY = 5;
const TEAMS = 50;
/** Whose token the bench uses. */
const COORDINATOR = 'demo-coordinator';

/** States of open referrals, in the parts of a hundred that they have. */
const OPEN_STATES: readonly (readonly [state: string, parts: number])[] = [
  ['received', 20],
  ['in-triage', 20],
  ['information-requested', 12],
  ['accepted', 12],
  ['waitlisted', 16],
  ['booked', 8],
  ['to-rebook', 4],
  ['in-care', 8],
];
const CLOSED_STATES = ['declined', 'closed', 'closed', 'withdrawn', 'redirected', 'closed-not-seen', 'closed'];
const LANGUAGES = ['en', 'en', 'en', 'en', 'en', 'en', 'es', 'es', 'zh', 'vi'];
const WORDS = ['back', 'neck', 'knee', 'headache', 'neuropathic', 'fibromyalgia', 'shoulder', 'pelvic'];

const COLUMNS = [
  'clinic_id', 'id', 'patient_id', 'service_request_id', 'task_id', 'dialect', 'placed_here', 'task_made_here', 'state', 'urgency', 'pathway', 'received_at', 'complete_at', 'paused_ms',
  'accepted_at', 'first_seen_at', 'rebook_reason', 'moved_at', 'settled_at', 'target_at', 'missing', 'screened_with', 'open_hard_stops', 'open_concerns', 'rank', 'owner_id', 'owner_name',
  'next_action', 'next_action_at', 'team_id', 'discipline', 'programme', 'referrer', 'referrer_key', 'language', 'stale_at', 'stale_noted_at', 'changed_at',
  'information_step',
] as const;
type Column = (typeof COLUMNS)[number];
type Cell = string | number | null | undefined;

const isOpen = (number: number): boolean => number % OPEN_EVERY === 0;

/** A number below `below` that depends on `number` alone and looks like chance: the same rows in every run. */
function chance(number: number, salt: number, below: number): number {
  let mixed = Math.imul(number ^ Math.imul(salt, 0x9e3779b1), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) % below;
}

/** An id of the clinic's row: ordered by its number, as ids that are made one after the other. */
const idOf = (clinic: number, number: number): string => `0198${clinic.toString(16).padStart(4, '0')}-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;

function openState(number: number): string {
  let left = chance(number, 1, 100);
  for (const [state, parts] of OPEN_STATES) {
    if (left < parts) return state;
    left -= parts;
  }
  return 'received';
}

interface Clinic {
  readonly id: string;
  readonly number: number;
  readonly teams: readonly string[];
}

function referral(clinic: Clinic, number: number, now: number): Record<Column, Cell> {
  const open = isOpen(number);
  const state = open ? openState(number) : (CLOSED_STATES[chance(number, 2, CLOSED_STATES.length)] ?? 'closed');
  const at = (milliseconds: number): string => new Date(Math.floor(milliseconds)).toISOString();
  const received = now - (open ? chance(number, 3, 120) : 30 + chance(number, 3, 1095)) * DAY_MS - chance(number, 4, 86_400) * 1000;
  const settled = open ? null : Math.min(now - 1000, now - chance(number, 5, 1095 * 86_400) * 1000);
  const moved = settled ?? now - chance(number, 6, 10 * 86_400) * 1000;
  const seen = state === 'in-care' || state === 'closed' ? received + 20 * DAY_MS : null;
  const rank = chance(number, 7, 100) < 1 ? 0 : chance(number, 8, 100) < 4 ? 1 : 2;
  const owner = chance(number, 9, 100) < 40 ? null : chance(number, 10, 30) === 0 ? COORDINATOR : `person-${chance(number, 11, 60)}`;
  const accepted = ['accepted', 'waitlisted', 'booked', 'to-rebook', 'in-care'].includes(state) ? received + DAY_MS : null;
  const breaching = chance(number, 12, 100) < 10;
  const referrer = chance(number, 13, 2000);
  // What is stale was noted and brought back on top then: the worker has nothing to do with it any more.
  const stale = open && chance(number, 21, 100) < 8;
  const staleAt = stale ? now - 1000 - chance(number, 22, 5 * 86_400) * 1000 : now + DAY_MS + chance(number, 22, 20 * 86_400) * 1000;
  return {
    clinic_id: clinic.id,
    id: idOf(clinic.number, number),
    patient_id: `patient-${chance(number, 14, 700_000)}`,
    service_request_id: `request-${number}`,
    task_id: `task-${number}`,
    dialect: 'plain',
    placed_here: 'f',
    task_made_here: 'f',
    state,
    urgency: ['routine', 'routine', 'routine', 'urgent', 'asap'][chance(number, 15, 5)],
    pathway: accepted ? 'assessment' : null,
    received_at: at(received),
    complete_at: at(received),
    paused_ms: 0,
    accepted_at: accepted && at(accepted),
    first_seen_at: seen && at(seen),
    rebook_reason: state === 'to-rebook' ? 'no-show' : null,
    moved_at: at(moved),
    settled_at: settled && at(settled),
    target_at: at(breaching ? now - chance(number, 16, 30 * 86_400) * 1000 - 1000 : now + DAY_MS + chance(number, 16, 90 * 86_400) * 1000),
    missing: '{}',
    screened_with: 'bench',
    open_hard_stops: rank === 0 ? 1 : 0,
    open_concerns: rank === 1 ? 1 : 0,
    rank,
    owner_id: owner,
    owner_name: owner,
    next_action: open ? 'decide' : null,
    next_action_at: open ? at(stale ? received : moved + 7 * DAY_MS) : null,
    team_id: clinic.teams[chance(number, 17, clinic.teams.length)],
    discipline: ['physician', 'psychology', 'physiotherapy', null][chance(number, 18, 4)],
    programme: chance(number, 19, 50) === 0 ? 'pain-education' : null,
    referrer: `Practice ${referrer}`,
    referrer_key: `practice ${referrer}`,
    language: LANGUAGES[chance(number, 20, LANGUAGES.length)],
    stale_at: open ? at(staleAt) : null,
    stale_noted_at: stale ? at(staleAt) : null,
    changed_at: at(moved),
    information_step: state === 'information-requested' ? 'overdue' : null,
  };
}

const line = (values: readonly Cell[]): string => `${values.map((value) => (value === null || value === undefined ? '\\N' : String(value))).join('\t')}\n`;

async function copy({ owner }: Instance, table: string, columns: readonly string[], lines: Iterable<string>): Promise<void> {
  await pipeline(Readable.from(batched(lines)), owner.query(copyFrom(`copy ${table} (${columns.join(', ')}) from stdin`)));
}

function* batched(lines: Iterable<string>): Iterable<string> {
  let batch: string[] = [];
  for (const each of lines) {
    batch.push(each);
    if (batch.length < 2000) continue;
    yield batch.join('');
    batch = [];
  }
  yield batch.join('');
}

function* referrals(clinic: Clinic, first: number, beyond: number, now: number): Iterable<string> {
  for (let number = first; number < beyond; number += 1) {
    const row = referral(clinic, number, now);
    yield line(COLUMNS.map((column) => row[column]));
  }
}

function* words(clinic: Clinic, first: number, beyond: number): Iterable<string> {
  for (let number = first; number < beyond; number += 1) {
    if (!isOpen(number)) continue;
    const said = [WORDS[chance(number, 23, WORDS.length)], 'pain', `case${chance(number, 24, 5000)}`];
    for (const word of said) yield line([clinic.id, word, idOf(clinic.number, number), 'request']);
  }
}

/** Rows are put in as they would stand after their story: the trigger that tells live worklists is out of work meanwhile. */
async function fill(instance: Instance, clinic: Clinic, first: number, beyond: number, now: number): Promise<void> {
  await instance.owner.query('alter table referral disable trigger referral_changed');
  await copy(instance, 'referral', COLUMNS, referrals(clinic, first, beyond, now));
  await copy(instance, 'referral_word', ['clinic_id', 'word', 'referral_id', 'source'], words(clinic, first, beyond));
  await instance.owner.query('alter table referral enable trigger referral_changed');
}

async function makeTeams({ owner }: Instance, clinicId: string): Promise<string[]> {
  const { rows } = await owner.query<{ id: string }>(
    `insert into referral_team (clinic_id, id, name, pool, disciplines, pathways)
     select $1, gen_random_uuid(), case number when 1 then 'Coordinators' else 'Team ' || number end, number = 1, '{}', '{}' from generate_series(1, ${TEAMS}) number returning id`,
    [clinicId],
  );
  return rows.map(({ id }) => id);
}

/** The clinics of the bench: the demo's, whose worklist is measured, and smaller ones around it. */
export interface Seeded {
  /** Brings the measured clinic to so many referrals. */
  growTo(referrals: number): Promise<void>;
}

/** Fills the smaller clinics and prepares the one that is measured. */
export async function seedClinics(instance: Instance, clinics: number, referralsOfOthers: number): Promise<Seeded> {
  const { owner } = instance;
  const now = Date.now();
  for (let number = 1; number < clinics; number += 1) {
    const id = idOf(0xfff, number);
    await owner.query(`insert into clinic (id, slug, name, zone) values ($1, $2, $2, 'UTC')`, [id, `bench-${number}`]);
    await fill(instance, { id, number, teams: await makeTeams(instance, id) }, 0, referralsOfOthers, now);
  }
  const measured: Clinic = { id: instance.clinicId, number: 0, teams: await makeTeams(instance, instance.clinicId) };
  const [first, second] = measured.teams.slice(1);
  await owner.query(`insert into referral_team_member (clinic_id, team_id, person_id, person_name) select $1, unnest($2::uuid[]), $3, $3`, [measured.id, [first, second], COORDINATOR]);
  let there = 0;
  return {
    growTo: async (referrals) => {
      await fill(instance, measured, there, referrals, now);
      there = referrals;
      await owner.query('vacuum (analyze) referral, referral_word');
    },
  };
}
