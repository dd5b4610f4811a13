import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@cairn/kernel';
import { startTestApp, type TestApp } from '../support/app.js';
import { asOwner } from '../support/clinic-settings.js';
import { EventStream } from '../support/event-stream.js';
import { eventually } from '../support/eventually.js';
import { Staff, hospital, referralBundle, send, type Hospital } from '../support/referral-factory.js';

interface Item {
  readonly id: string;
  readonly state: string;
  readonly patient: { name: string | null };
  readonly redFlags: { hardStops: number; concerns: number };
  readonly nextActionAt: string;
  readonly breaching: boolean;
  readonly clocks: { sinceReceipt: number };
}
interface Page {
  readonly items: Item[];
  readonly next?: string;
}

describe('the worklist', () => {
  let app: TestApp;
  let plain: Hospital;
  let coordinator: Staff;

  beforeAll(async () => {
    app = await startTestApp();
    plain = await hospital(app, 'plain');
    coordinator = new Staff(app, await app.as('coordinator'));
    for (let index = 0; index < 7; index += 1) await send(plain.fhir, referralBundle(index % 3 === 0 ? { birthDate: '1950-01-01' } : {}));
    await send(plain.fhir, referralBundle({ rests: [{ resourceType: 'Condition', subject: {}, code: { coding: [{ system: 'http://snomed.info/sct', code: '192970008' }] } }] }));
  });
  afterAll(() => app.stop());

  const page = async (query: string): Promise<Page> => {
    const reply = await coordinator.call<Page>('GET', `/referrals?${query}`);
    expect(reply.status).toBe(200);
    return reply.body;
  };

  it('shows hard stops first, then weak flags, then what is due first; each referral once over all pages', async () => {
    const seen: Item[] = [];
    for (let after: string | undefined, pages = 0; pages < 10; pages += 1) {
      const { items, next } = await page(`limit=3${after ? `&after=${after}` : ''}`);
      seen.push(...items);
      after = next;
      if (!next) break;
    }
    expect(seen).toHaveLength(8);
    expect(new Set(seen.map(({ id }) => id)).size).toBe(8);
    const rank = ({ redFlags }: Item): number => (redFlags.hardStops > 0 ? 0 : redFlags.concerns > 0 ? 1 : 2);
    const order = seen.map((item) => `${rank(item)} ${item.nextActionAt}`);
    expect(order).toEqual([...order].sort());
    expect(seen.map(rank)).toEqual([0, 1, 1, 1, 2, 2, 2, 2]);
    expect(seen[0]).toMatchObject({ patient: { name: 'Pat Example' }, availableActions: expect.arrayContaining(['open-triage', 'claim']) });
  });

  it('has a view for each question, and counts that agree with them', async () => {
    const [mine] = (await page('view=unassigned&limit=1')).items;
    await coordinator.act(mine?.id ?? '', 'POST', 'triage');
    const { body } = await coordinator.call<{ asOf: string; views: Record<string, { count: number; atLeast: boolean }> }>('GET', '/referrals/counts');
    for (const [view, { count, atLeast }] of Object.entries(body.views)) {
      expect([view, (await page(`view=${view}&limit=100`)).items.length, atLeast]).toEqual([view, count, false]);
    }
    expect((await page('view=mine')).items.map(({ id }) => id)).toEqual([mine?.id]);
    expect((await page('view=red-flags')).items).toHaveLength(4);
    expect((await page('view=open&urgency=stat')).items).toHaveLength(1);
  });

  it('shows what is late: past its target, or past its next step', async () => {
    expect((await page('view=stale')).items.length).toBeLessThan(8);
    await app.advance(100 * 86_400_000);
    expect((await page('view=breaching')).items).toHaveLength(8);
    expect((await page('view=breaching')).items.every(({ breaching, clocks }) => breaching && clocks.sinceReceipt >= 100)).toBe(true);
    expect((await page('view=stale')).items).toHaveLength(8);
  });

  it.each([
    ['view=nothing', 'view'],
    ['limit=0', 'limit'],
    ['limit=1000', 'limit'],
    ['after=bm9uc2Vuc2U', 'after'],
    ['patient=../etc', 'patient'],
    ['urgency=soon', 'urgency'],
  ])('refuses %s, naming the field', async (query, field) => {
    const reply = await coordinator.call<{ errors: { field: string }[] }>('GET', `/referrals?${query}`);
    expect([reply.status, reply.body.errors.map((error) => error.field)]).toEqual([400, [field]]);
  });

  it('does not show another clinic’s referrals, nor that they are there', async () => {
    const scope = { ...app.scope(), clinicId: newId() };
    const rows = await app.transactions.run(scope, async (tx) => {
      const counts: Record<string, number> = {};
      for (const table of ['referral', 'referral_transition', 'referral_flag', 'referral_key', 'referral_source']) {
        const [row] = await tx.query<{ count: number }>(`select count(*)::int as count from ${table}`);
        counts[table] = row?.count ?? -1;
      }
      return counts;
    });
    expect(rows).toEqual({ referral: 0, referral_transition: 0, referral_flag: 0, referral_key: 0, referral_source: 0 });
  });

  it('opens so many live worklists for one person and no more, until one is closed', async () => {
    const person = await app.as('clinician');
    const streams = await Promise.all(Array.from({ length: 6 }, () => EventStream.open(app, person)));
    const seventh = await fetch(`${app.url}/api/v1/referrals/events`, { headers: { authorization: person } });
    expect([seventh.status, seventh.headers.get('retry-after'), ((await seventh.json()) as { code: string }).code]).toEqual([429, '5', 'stream.person-full']);
    (await EventStream.open(app, await app.as('coordinator'))).close();
    streams.pop()?.close();
    streams.push(await eventually('a free seat', () => EventStream.open(app, person).catch(() => undefined)));
    for (const stream of streams) stream.close();
  });

  it('asks who missed more than can be told one by one to read the list again, and goes on from there', async () => {
    await asOwner(
      app,
      `insert into referral (clinic_id, id, patient_id, service_request_id, task_id, dialect, placed_here, task_made_here, state, urgency, received_at, paused_ms, moved_at, settled_at, target_at, missing, screened_with,
         open_hard_stops, open_concerns, rank, team_id) select $1, gen_random_uuid(), 'm' || n, 'm' || n, 'm' || n, 'plain', false, false, 'closed', 'routine', now(), 0, now(), now(), now(), '{}', 'test', 0, 0, 2, t.id
       from generate_series(1, 1001) n join referral_team t on t.clinic_id = $1 and t.pool`,
      [app.clinicId],
    );
    const behind = await EventStream.open(app, await app.as('coordinator'), '1');
    await eventually('the reset', () => behind.events.length > 0);
    const [reset] = behind.events;
    expect([behind.events.length, reset?.event, reset?.data]).toEqual([1, 'reset', {}]);
    const ids = await send(plain.fhir, referralBundle());
    const { id } = await coordinator.find(ids['Patient'] ?? '');
    await eventually('what came after', () => behind.events.some(({ event, data }) => event === 'referral' && data.id === id));
    behind.close();
  });

  it('never lets an open referral be without a next action and a date', async () => {
    await expect(app.transactions.run(app.scope(), (tx) => tx.query('update referral set next_action = null where settled_at is null'))).rejects.toThrow(/check constraint/);
  });

  it('never forgets or rewrites a move', async () => {
    for (const statement of ['update referral_transition set comment = null', 'delete from referral_transition']) {
      await expect(app.transactions.run(app.scope(), (tx) => tx.query(statement))).rejects.toThrow(/permission denied/);
    }
  });
});
