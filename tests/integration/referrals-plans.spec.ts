import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Tx } from '@cairn/platform';
import type { View } from '../../libs/referrals/src/worklist/worklist.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { StaleReferralWork } from '../../libs/referrals/src/stale-referral.work.js';
import { asOwner } from '../support/clinic-settings.js';
import { Explainer, recordStatements } from '../support/explain.js';

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly Plan[];
}

const ROWS = 40_000;
const PAGE = 26;

/** As many referrals as show which plan PostgreSQL takes: one in five open, every view with more than a page and much less than all. */
const SEED = `insert into referral (clinic_id, id, patient_id, service_request_id, task_id, dialect, placed_here, task_made_here, state, urgency, received_at, paused_ms, moved_at, settled_at, target_at,
    missing, screened_with, open_hard_stops, open_concerns, rank, rebook_reason, owner_id, owner_name, next_action, next_action_at, team_id, language, stale_at, information_step)
  select $1, gen_random_uuid(), 'p' || n, 'r' || n, 't' || n, 'plain', false, false, state, 'routine', now() - interval '9 days', 0, now() - interval '200 days',
    case when n % 5 > 0 then now() - (n % 900) * interval '1 day' end, now() + ((n / 5) % 20 - 2) * interval '1 day', '{}', 'test', 0, 0,
    case when (n / 5) % 50 = 0 then 0 when (n / 5) % 20 = 0 then 1 else 2 end, case state when 'to-rebook' then 'no-show' end,
    case when (n / 5) % 3 = 0 then case when (n / 5) % 99 = 0 then 'demo-coordinator' else 'other' end end, case when (n / 5) % 3 = 0 then 'x' end,
    case when n % 5 = 0 then 'decide' end, case when n % 5 = 0 then now() + (n % 40 - 10) * interval '1 day' end, t.id, case when (n / 5) % 400 = 0 then 'vi' else 'en' end,
    case when n % 5 = 0 then now() + ((n / 5) % 30 - 1) * interval '1 day' end, case state when 'information-requested' then 'overdue' end
  from generate_series(1, ${ROWS}) n
  cross join lateral (select case when n % 5 = 0 then (array['received', 'in-triage', 'information-requested', 'accepted', 'waitlisted', 'to-rebook', 'in-care'])[1 + (n / 5) % 7]
    else (array['closed', 'closed', 'closed', 'declined'])[1 + n % 4] end as state) s
  join referral_team t on t.clinic_id = $1 and t.name = case when (n / 5) % 30 = 0 then 'Mine' else 'Coordinators' end`;

describe('how PostgreSQL reads the worklist, as the application under row-level security', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
    await asOwner(app, `insert into referral_team (clinic_id, id, name, pool, disciplines, pathways) values ($1, gen_random_uuid(), 'Coordinators', true, '{}', '{}'), ($1, gen_random_uuid(), 'Mine', false, '{}', '{}')`, [app.clinicId]);
    await asOwner(app, `insert into referral_team_member (clinic_id, team_id, person_id, person_name) select clinic_id, id, 'demo-coordinator', 'Demo' from referral_team where name = 'Mine'`);
    await asOwner(app, 'alter table referral disable trigger referral_changed');
    await asOwner(app, SEED, [app.clinicId]);
    await asOwner(app, `insert into referral_word (clinic_id, word, referral_id, source) select clinic_id, case when language = 'vi' and settled_at is null then 'rareword' else 'pain' end, id, 'request' from referral`);
    await asOwner(app, `insert into referral_word (clinic_id, word, referral_id, source) select clinic_id, 'most', id, 'note' from referral where settled_at is null and patient_id ~ '(0|[13579]5)$'`);
    await asOwner(app, 'analyze referral, referral_word');
  });
  afterAll(() => app.stop());

  /** Rows that the parts of a plan took from the table in all, those thrown away included, and whether the whole table was read. */
  function readFrom(plan: Plan): { rows: number; whole: boolean } {
    const below = (plan.Plans ?? []).map(readFrom);
    const own = plan['Relation Name'] === undefined ? 0 : (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0)) * plan['Actual Loops'];
    return { rows: own + below.reduce((sum, { rows }) => sum + rows, 0), whole: plan['Node Type'] === 'Seq Scan' || below.some(({ whole }) => whole) };
  }

  async function explained(view: View, filters: object, after?: [number, string, string]): Promise<{ rows: number; whole: boolean }> {
    const { narrowing, pageStatement } = await import('../../libs/referrals/src/worklist/worklist.statement.js');
    return app.transactions.read(app.scope(), async (tx: Tx) => {
      const teams = await tx.query<{ id: string }>(`select id from referral_team where name = 'Mine'`);
      const statement = pageStatement(view, await narrowing(tx, filters), { clinicId: app.clinicId, personId: 'demo-coordinator', teams: teams.map(({ id }) => id), now: tx.clock.now() }, after, PAGE);
      const [row] = await tx.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>({ text: `explain (analyze, format json) ${statement.text}`, values: statement.values ?? [] });
      if (!row) throw new Error('There is no plan.');
      return readFrom(row['QUERY PLAN'][0].Plan);
    });
  }

  const views: View[] = ['open', 'unassigned', 'mine', 'my-team', 'red-flags', 'breaching', 'waiting-for-information', 'waitlisted', 'to-book', 'stale', 'returned', 'closed-this-week'];

  it.each(views)('reads the first page of %s, and a page amid it, from an index and not much more than its rows', async (view) => {
    const deep: [number, string, string] = [2, new Date(Date.now() + 5 * 86_400_000).toISOString().replace('Z', '000Z'), crypto.randomUUID()];
    for (const after of [undefined, deep]) {
      const { rows, whole } = await explained(view, {}, after);
      expect([view, whole]).toEqual([view, false]);
      expect(rows).toBeLessThanOrEqual(PAGE * 6);
    }
  });

  it.each([['language', { language: 'vi' }], ['full text', { text: 'rareword' }], ['the beginning of a word', { text: 'rarew' }]])('finds what is rare by %s without reading all that is open', async (_, filters) => {
    const { rows, whole } = await explained('open', filters);
    expect(whole).toBe(false);
    expect(rows).toBeLessThan(ROWS / 5 / 4);
  });

  it.each([['pain'], ['most'], ['pain most'], ['most rareword'], ['rareword mos']])('finds by the words "%s" the same referrals as a look at each of them does', async (text) => {
    const own = await app.transactions.read(app.scope(), (tx) =>
      tx.query<{ count: number }>(
        `select count(*)::int as count from referral r where settled_at is null
           and not exists (select from unnest($1::text[]) asked where not exists (select from referral_word w where w.referral_id = r.id and w.word like asked || '%'))`,
        [text.split(' ')],
      ),
    );
    const seen = new Set<string>();
    for (let after = ''; ; ) {
      const reply = await app.request.get(`/api/v1/referrals?view=open&limit=100&text=${encodeURIComponent(text)}${after}`).set('authorization', await app.as('coordinator'));
      const { items, next } = reply.body as { items: { id: string }[]; next?: string };
      for (const { id } of items) seen.add(id);
      if (!next || seen.size >= 600) break;
      after = `&after=${next}`;
    }
    expect(seen.size).toBe(Math.min(own[0]?.count ?? 0, 600));
    expect(seen.size).toBeGreaterThan(0);
  });

  it.each(['pain', 'most'])('finds what is common by the word "%s" in the view\'s order, reading about as many rows as it must', async (text) => {
    const { rows, whole } = await explained('open', { text });
    expect(whole).toBe(false);
    expect(rows).toBeLessThan(PAGE * 20);
  });

  it('brings what is stale back in batches, each at the cost of a few statements and read from an index', async () => {
    const work = app.get(StaleReferralWork);
    const due = () => app.transactions.sweep((database) => work.due(database, app.transactions.clock.now(), 50));
    const noted = async (): Promise<number> => (await app.transactions.read(app.scope(), (tx) => tx.query<{ n: number }>('select count(*)::int as n from referral where stale_noted_at is not null')))[0]?.n ?? 0;
    const late = (await app.transactions.read(app.scope(), (tx) => tx.query<{ n: number }>('select count(*)::int as n from referral where stale_at <= $1', [tx.clock.now()])))[0]?.n ?? 0;
    expect(late).toBeGreaterThan(200);
    const longest = async (): Promise<unknown> => (await app.transactions.read(app.scope(), (tx) => tx.query<{ id: string }>('select id from referral where stale_noted_at is null and stale_at is not null order by stale_at, id limit 1')))[0]?.id;
    for (let done = 0; done < late; done = Math.min(done + 100, late)) {
      // Always the same until its batch is done, though many turned stale at the same moment: otherwise the bell would take one that was done for one rung lately.
      const [row, ...more] = await due();
      if (!row) throw new Error('Nothing is due.');
      expect([row.id, more]).toEqual([await longest(), []]);
      const asked = await recordStatements(() => work.perform(row));
      expect(asked.length).toBeLessThan(12);
      expect(await noted()).toBe(Math.min(done + 100, late));
      const reading = asked.find(({ text }) => text.includes('skip locked'));
      if (!reading) throw new Error('No statement takes a batch.');
      const explainer = await Explainer.for(app);
      const nodes = await explainer.explain(reading);
      await explainer.end();
      expect(nodes.filter((node) => node['Relation Name'] === 'referral').map((node) => node['Index Name'])).toEqual(['referral_stale_of']);
    }
    expect(await due()).toEqual([]);
  });

  it('pages through a whole view, each referral once and in one order, at any depth', async () => {
    const read = async (after: string): Promise<{ items: { id: string }[]; next?: string }> => {
      const reply = await app.request.get(`/api/v1/referrals?view=breaching&limit=100${after}`).set('authorization', await app.as('coordinator'));
      expect(reply.status).toBe(200);
      return reply.body as { items: { id: string }[]; next?: string };
    };
    const first = await read('');
    const seen = new Set<string>();
    let next = first.next;
    for (const { id } of first.items) seen.add(id);
    while (next) {
      const page = await read(`&after=${next}`);
      for (const { id } of page.items) {
        expect(seen.has(id)).toBe(false);
        seen.add(id);
      }
      next = page.next;
    }
    const [row] = await app.transactions.read(app.scope(), (tx) => tx.query<{ count: number }>(`select count(*)::int as count from referral where settled_at is null and first_seen_at is null and target_at < $1`, [tx.clock.now()]));
    expect(seen.size).toBe(row?.count);
    expect(seen.size).toBeGreaterThan(500);
  });
});
