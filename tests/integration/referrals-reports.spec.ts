import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { validate } from '@cairn/fhir';
import type { MeasureReport } from '@medplum/fhirtypes';
import { startTestApp, type TestApp } from '../support/app.js';
import { asOwner } from '../support/clinic-settings.js';
import { RestClient } from '../support/rest-client.js';

interface Report {
  readonly period: { from: string; until: string };
  readonly waiting: { urgency: string; seen: number; seenLate: number; medianDays: number | null; p90Days: number | null; waiting: number; waitingLate: number }[];
  readonly flow: { openAtStart: number; received: number; over: { state: string; count: number }[]; openAtEnd: number };
  readonly reasons: { state: string; code: string; count: number }[];
  readonly steps: { step: string; referrals: number; medianDays: number; p90Days: number }[];
  readonly equity: { by: string; groups: { group: string; count: number; medianDays: number }[]; withheld: boolean }[];
}

/** One referral of the known past. Days are counted from 1 March 2025, midnight in New York. */
interface Known {
  readonly received: number;
  readonly seen?: number;
  readonly over?: readonly [day: number, state: 'closed' | 'declined' | 'redirected' | 'withdrawn'];
  readonly reason?: string;
  readonly language?: string;
  readonly needs?: boolean;
  readonly needCodes?: readonly string[];
  readonly area?: string;
  readonly steps?: readonly (readonly [day: number, event: string, to: string])[];
}

const KNOWN: readonly Known[] = [
  // Ten who were seen in March after 1, 2, … 10 days; the target is 6 days. Languages: 6 en, 3 es, 1 vi.
  ...Array.from({ length: 10 }, (_, index): Known => ({
    received: 2,
    seen: 3 + index,
    language: index < 6 ? 'en' : index < 9 ? 'es' : 'vi',
    needs: index < 5,
    needCodes: index < 5 ? ['interpreter', ...(index < 2 ? ['wheelchair'] : [])] : [],
    area: index < 7 ? '100' : '112',
    steps: [[2 + (index + 1) / 10, 'open-triage', 'in-triage'], [3 + index, 'attend', 'in-care']],
  })),
  // Two of February that were still waiting in March; one of them was declined then.
  { received: -10 },
  { received: -10, over: [4, 'declined'], reason: 'outside-scope', steps: [[4, 'take-effect', 'declined']] },
  { received: 5, over: [9, 'declined'], reason: 'outside-scope', steps: [[9, 'take-effect', 'declined']] },
  { received: 5, over: [9, 'redirected'], reason: 'redirected' },
  // Of April: counts for nothing in March but the ones open at its end.
  { received: 40, seen: 45 },
];

describe('the report on referrals', () => {
  let app: TestApp;
  let manager: RestClient;

  beforeAll(async () => {
    app = await startTestApp();
    manager = new RestClient(app, await app.as('clinic-administrator'));
    await asOwner(app, `insert into referral_team (clinic_id, id, name, pool, disciplines, pathways) values ($1, gen_random_uuid(), 'Coordinators', true, '{}', '{}')`, [app.clinicId]);
    for (const each of KNOWN) await plant(each);
  });
  afterAll(() => app.stop());

  async function plant({ received, seen, over, reason, language, needs = false, needCodes = [], area, steps = [] }: Known): Promise<void> {
    const id = crypto.randomUUID();
    const day = (number: number | undefined): string | null => (number === undefined ? null : new Date(Date.parse('2025-03-01T05:00:00Z') + number * 86_400_000).toISOString());
    await asOwner(
      app,
      `insert into referral (clinic_id, id, patient_id, service_request_id, task_id, dialect, placed_here, task_made_here, state, urgency, received_at, complete_at, paused_ms, first_seen_at, moved_at,
         settled_at, target_at, missing, screened_with, open_hard_stops, open_concerns, rank, next_action, next_action_at, team_id, stale_at, reason_code, reason_text, language, needs_access, area)
       select $1, $2::uuid, $2::text, $2::text, $2::text, 'plain', false, false, $3, 'urgent', $4, $4, 0, $5, $4, $6, $4::timestamptz + interval '6 days', '{}', 'test', 0, 0, 2,
         case when $6::timestamptz is null then 'decide' end, case when $6::timestamptz is null then now() end, t.id, case when $6::timestamptz is null then now() end, $7, $7, $8, $9, $10
       from referral_team t where t.clinic_id = $1`,
      [app.clinicId, id, over?.[1] ?? (seen === undefined ? 'received' : 'in-care'), day(received), day(seen), day(over?.[0]), reason ?? null, language ?? null, needs, area ?? null],
    );
    for (const code of needCodes) await asOwner(app, `insert into referral_word (clinic_id, word, referral_id, source) values ($1, $2, $3, 'need')`, [app.clinicId, `need:${code}`, id]);
    for (const [at, event, to] of steps) {
      await asOwner(app, `insert into referral_transition (clinic_id, id, referral_id, event, from_state, to_state, happened_at, actor_kind, actor_id) values ($1, gen_random_uuid(), $2, $3, null, $4, $5, 'cairn', 'test')`, [app.clinicId, id, event, to, day(at)]);
    }
  }

  const march = (): Promise<Report> => manager.read<Report>('reports/referrals?from=2025-03&through=2025-03');

  it('tells waiting times by urgency: median, 90th percentile, and how many were or are late', async () => {
    const { period, waiting } = await march();
    expect(period).toEqual({ from: '2025-03-01T05:00:00.000Z', until: '2025-04-01T04:00:00.000Z' });
    expect(waiting.find(({ urgency }) => urgency === 'urgent')).toEqual({ urgency: 'urgent', seen: 10, seenLate: 4, medianDays: 5.5, p90Days: 9.1, waiting: 1, waitingLate: 1 });
    expect(waiting.find(({ urgency }) => urgency === 'stat')).toEqual({ urgency: 'stat', seen: 0, seenLate: 0, medianDays: null, p90Days: null, waiting: 0, waitingLate: 0 });
  });

  it('tells the flow in and out, and it adds up', async () => {
    const { flow } = await march();
    expect(flow).toEqual({ openAtStart: 2, received: 12, over: [{ state: 'declined', count: 2 }, { state: 'redirected', count: 1 }], openAtEnd: 11 });
    expect(flow.openAtStart + flow.received - flow.over.reduce((sum, { count }) => sum + count, 0)).toBe(flow.openAtEnd);
  });

  it('tells why referrals were returned, and how long each step took', async () => {
    const { reasons, steps } = await march();
    expect(reasons.map(({ state, code, count }) => [state, code, count])).toEqual([['declined', 'outside-scope', 2], ['redirected', 'redirected', 1]]);
    expect(steps.map(({ step, referrals, medianDays, p90Days }) => [step, referrals, medianDays, p90Days])).toEqual([
      ['triage opened', 10, 0.6, 0.9],
      ['returned', 1, 4, 4],
      ['first seen', 10, 5.5, 9.1],
    ]);
  });

  it('splits by language, access needs and area, and lets no group under five be seen or worked out', async () => {
    const { equity } = await march();
    expect(equity).toEqual([
      { by: 'language', groups: [], withheld: true },
      { by: 'access needs', groups: [{ group: 'with access needs', count: 5, medianDays: 3 }, { group: 'without access needs', count: 5, medianDays: 8 }], withheld: false },
      { by: 'each access need', groups: [{ group: 'interpreter', count: 5, medianDays: 3 }], withheld: true },
      { by: 'postcode area', groups: [], withheld: true },
    ]);
    for (let index = 0; index < 2; index += 1) await plant({ received: 2, seen: 20, language: 'vi', area: '100' });
    expect((await march()).equity[0]).toEqual({ by: 'language', groups: [{ group: 'en', count: 6, medianDays: 3.5 }], withheld: true });
  });

  it('answers the same as CSV and as a valid MeasureReport', async () => {
    const csv = await app.request.get('/api/v1/reports/referrals?from=2025-03&through=2025-03&format=csv').set('authorization', await app.as('coordinator'));
    expect([csv.status, csv.headers['content-type']]).toEqual([200, 'text/csv; charset=utf-8']);
    expect(csv.text.split('\r\n')).toEqual(expect.arrayContaining(['section,group,measure,value', 'waiting,urgent,seen,12', 'flow,declined,over,2', 'reasons,declined: outside-scope,count,2', 'equity by language,en,count,6', 'equity by language,others,withheld,yes']));
    expect(csv.text).not.toMatch(/,vi,|,es,|wheelchair/);
    const report = await manager.read<MeasureReport>('reports/referrals?from=2025-03&through=2025-03&format=fhir');
    expect(() => validate({ ...report })).not.toThrow();
    const waiting = report.group?.find(({ code }) => code?.text === 'waiting: urgent');
    expect(waiting?.population?.map(({ count }) => count)).toEqual([12, 6, 1, 1]);
    expect(JSON.stringify(report)).not.toMatch(/"vi"|"es"/);
  });

  it('refuses wrong months, naming the field, and whoever does not run the clinic; and leaves a trace', async () => {
    for (const [query, field] of [['from=2025-3&through=2025-03', 'from'], ['from=2025-03', 'through'], ['from=2025-04&through=2025-03', 'through'], ['from=2020-01&through=2025-03', 'from'], ['from=2099-01&through=2099-01', 'from'], ['from=2025-03&through=2025-03&format=pdf', 'format']]) {
      const { status, body } = await manager.get<{ errors: { field: string }[] }>(`reports/referrals?${query}`);
      expect([query, status, body.errors?.[0]?.field]).toEqual([query, 400, field]);
    }
    for (const role of ['clinician', 'auditor', 'hospital-it', 'conference-lead'] as const) {
      expect((await new RestClient(app, await app.as(role)).get('reports/referrals?from=2025-03&through=2025-03')).status).toBe(403);
    }
    const rows = await app.transactions.read(app.scope(), (tx) => tx.query(`select 1 from audit where what = 'report.referrals'`));
    expect(rows.length).toBeGreaterThan(3);
  });
});
