import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

/** Tables without row-level security, each with its reason. */
const EXEMPT: Record<string, string> = {
  cairn_migration: 'the list of migrations',
  instance: 'one row about the installation',
  demo_clock: 'one row, moved in demo mode only',
  clinic: 'names the clinics themselves; read before a clinic is known',
  client: 'looked up by client id before a clinic is known',
  signing_key: "the installation's own keys, sealed",
  token_use: 'hashes of used assertions, looked up before a clinic is known',
};

describe('the tenancy of the schema', () => {
  let database: TestDatabase;
  let owner: pg.Client;

  beforeAll(async () => {
    database = await createTestDatabase();
    owner = new pg.Client({ connectionString: database.ownerUrl });
    await owner.connect();
  });

  afterAll(async () => {
    await owner.end();
    await database.drop();
  });

  it('puts every table of every clinic under row-level security, with the clinic first in its key', async () => {
    const { rows } = await owner.query<{ table: string; secured: boolean; policies: number; first_key: string | null }>(`
      select c.relname as table, c.relrowsecurity as secured,
        (select count(*)::int from pg_policy p where p.polrelid = c.oid and (
          pg_get_expr(p.polqual, p.polrelid) like '%cairn_clinic()%' or pg_get_expr(p.polwithcheck, p.polrelid) like '%cairn_clinic()%')) as policies,
        (select a.attname from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0] where i.indrelid = c.oid and i.indisprimary) as first_key
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition order by 1`);
    const own = rows.filter((row) => !(row.table in EXEMPT));
    expect(own.length).toBeGreaterThan(3);
    expect(own.filter((row) => !row.secured || row.policies === 0).map((row) => row.table)).toEqual([]);
    // Rows of the search index have no key of their own; the next test looks at their indexes.
    expect(own.filter((row) => row.first_key !== null && row.first_key !== 'clinic_id').map((row) => row.table)).toEqual([]);
    for (const table of Object.keys(EXEMPT)) expect(rows.map((row) => row.table)).toContain(table);
  });

  it('starts every index of those tables with the clinic, or serves a sweep over all clinics', async () => {
    const { rows } = await owner.query<{ index: string; table: string; first: string; predicate: string | null }>(`
      select i.relname as index, t.relname as table, a.attname as first, pg_get_expr(x.indpred, x.indrelid) as predicate
      from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid join pg_namespace n on n.oid = t.relnamespace
      left join pg_attribute a on a.attrelid = t.oid and a.attnum = x.indkey[0]
      where n.nspname = 'public' and not t.relispartition and exists (select 1 from pg_attribute c where c.attrelid = t.oid and c.attname = 'clinic_id')`);
    const stray = rows.filter((row) => row.first !== 'clinic_id' && row.predicate === null && !(row.table in EXEMPT) && !row.index.endsWith('_gin') && row.table !== 'audit');
    expect(stray.map((row) => `${row.table}.${row.index}`)).toEqual([]);
  });

  it("does not make the application's role the owner of anything, nor let it step around the policies", async () => {
    const { rows } = await owner.query<{ owned: number; bypass: boolean; superuser: boolean }>(`
      select (select count(*)::int from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public' and pg_get_userbyid(c.relowner) = 'cairn_app') as owned,
        rolbypassrls as bypass, rolsuper as superuser from pg_roles where rolname = 'cairn_app'`);
    expect(rows).toEqual([{ owned: 0, bypass: false, superuser: false }]);
  });

  it('shows the application nothing before a clinic is set', async () => {
    const app = new pg.Client({ connectionString: database.appUrl });
    await app.connect();
    try {
      await owner.query(`insert into audit (clinic_id, id, recorded_at, actor_kind, actor_id, action, what, entities, patients, outcome, correlation_id)
        values (gen_random_uuid(), gen_random_uuid(), now(), 'cairn', 'test', 'read', 'test', '{}', '{}', 'success', 'test-test')`);
      expect((await app.query('select 1 from audit')).rowCount).toBe(0);
      await expect(app.query(`delete from audit`)).rejects.toMatchObject({ code: '42501' });
    } finally {
      await app.end();
    }
  });
});
