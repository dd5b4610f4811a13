import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KEYRING, Keyring, audit, cairnScope, verifyChain, type Anchor, type ChainReport, type Queryable, type Statement } from '@cairn/platform';
import pg from 'pg';
import { startTestApp, testEnvironment, type TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';

describe('the sealed audit', () => {
  let app: TestApp;
  let owner: pg.Client;

  const record = (what: string) => app.transactions.run(app.scope(), (tx) => audit(tx, { action: 'read', what, patients: ['anna'] }));
  const verify = (anchor?: Anchor): Promise<ChainReport> =>
    app.transactions.read(cairnScope(app.clinicId, 'test', 'test-verify'), (tx) => verifyChain(tx, app.api.get<Keyring>(KEYRING), app.clinicId, anchor));
  const sealedAll = () =>
    eventually('all rows are sealed', async () => {
      const report = await verify();
      return report.waiting === 0 ? report : undefined;
    });
  const cairn = (...args: string[]) =>
    promisify(execFile)(process.execPath, ['dist/programs/cli.js', ...args], { env: { ...process.env, ...testEnvironment(app.database) } }).then(
      ({ stdout }) => ({ code: 0, said: stdout }),
      (error: { code: number; stdout: string; stderr: string }) => ({ code: error.code, said: `${error.stdout}${error.stderr}` }),
    );

  beforeAll(async () => {
    app = await startTestApp({ worker: true, environment: { AUDIT_SEAL_SECONDS: '1' } });
    owner = new pg.Client({ connectionString: app.database.ownerUrl });
    await owner.connect();
  });
  afterAll(async () => {
    await owner.end();
    await app.stop();
  });

  it('grows by itself, each block signed and tied to the one before', async () => {
    await record('test.one');
    const first = await sealedAll();
    await record('test.two');
    const second = await sealedAll();
    expect(second.blocks).toBeGreaterThan(first.blocks);
    expect(second.rows).toBe(first.rows + 1);
    expect([first.faults, second.faults]).toEqual([[], []]);
    expect((await verify(second.head)).faults).toEqual([]);
  });

  it('takes a row in whose transaction was committed late, and never seals past one that still runs', async () => {
    const late = new pg.Client({ connectionString: app.database.appUrl });
    await late.connect();
    await late.query('begin');
    await late.query(`select set_config('cairn.clinic_id', $1, true)`, [app.clinicId]);
    await late.query(
      `insert into audit (clinic_id, id, recorded_at, actor_kind, actor_id, action, what, entities, patients, outcome, correlation_id)
       values ($1, gen_random_uuid(), clock_timestamp(), 'cairn', 'late', 'read', 'test.late', '{}', '{}', 'success', 'late-late')`,
      [app.clinicId],
    );
    const before = await verify();
    await record('test.meanwhile');
    const { rows: beats } = await owner.query<{ due_at: Date }>('select due_at from audit_sealing where clinic_id = $1', [app.clinicId]);
    await eventually('the sealing had two more turns', async () => {
      const { rows } = await owner.query<{ due_at: Date }>('select due_at from audit_sealing where clinic_id = $1', [app.clinicId]);
      return (rows[0]?.due_at.getTime() ?? 0) > (beats[0]?.due_at.getTime() ?? 0) + 1000;
    });
    const during = await verify();
    expect(during).toMatchObject({ rows: before.rows, waiting: before.waiting + 1, faults: [] });
    await late.query('commit');
    await late.end();
    expect(await sealedAll()).toMatchObject({ rows: before.rows + before.waiting + 2, faults: [] });
  });

  it("is not the application's to change", async () => {
    const own = new pg.Client({ connectionString: app.database.appUrl });
    await own.connect();
    for (const statement of ['delete from audit', `update audit set what = 'x'`, 'delete from audit_seal', `update audit_seal set hash = ''`, 'truncate audit']) {
      await expect(own.query(statement)).rejects.toMatchObject({ code: '42501' });
    }
    await own.end();
  });

  it('names each row that was changed, removed or inserted, by whoever had the database', async () => {
    for (const what of ['test.changed', 'test.removed', 'test.kept']) await record(what);
    const whole = await sealedAll();
    const { rows } = await owner.query<{ id: string; what: string; xact: string }>(`select id, what, xact::text from audit where what in ('test.changed', 'test.removed', 'test.kept')`);
    const idOf = (what: string) => rows.find((row) => row.what === what)?.id ?? '';
    await owner.query(`update audit set patients = '{ben}' where id = $1`, [idOf('test.changed')]);
    await owner.query('delete from audit where id = $1', [idOf('test.removed')]);
    const { rows: inserted } = await owner.query<{ id: string }>(
      `insert into audit (clinic_id, id, recorded_at, actor_kind, actor_id, action, what, entities, patients, outcome, correlation_id, xact)
       values ($1, gen_random_uuid(), now(), 'person', 'nobody', 'read', 'test.inserted', '{}', '{}', 'success', 'forged', $2) returning id`,
      [app.clinicId, rows[0]?.xact],
    );
    const { faults } = await verify(whole.head);
    expect(faults).toHaveLength(3);
    expect(faults.join('\n')).toContain(`${idOf('test.changed')} was changed`);
    expect(faults.join('\n')).toContain(`${idOf('test.removed')} was removed`);
    expect(faults.join('\n')).toContain(`${inserted[0]?.id} was inserted`);
    const told = await cairn('verify', '--audit');
    expect(told.code).toBe(1);
    expect(told.said).toContain(idOf('test.removed'));
  });

  it('shows a block that was rewritten, taken out, or cut off the end', async () => {
    const { head } = await verify();
    const { rows } = await owner.query<{ number: number; hash: string }>('select number, hash from audit_seal where clinic_id = $1 order by number', [app.clinicId]);
    const faultsAfter = async (statement: string, values: unknown[], anchor?: Anchor) => {
      await owner.query('begin');
      await owner.query(statement, values);
      const database: Queryable = {
        query: async <Row extends pg.QueryResultRow>(asked: Statement | string, given: readonly unknown[] = []) =>
          (await owner.query<Row>(typeof asked === 'string' ? { text: asked, values: [...given] } : { text: asked.text, values: [...(asked.values ?? [])] })).rows,
      };
      const report = await verifyChain(database, app.api.get<Keyring>(KEYRING), app.clinicId, anchor);
      await owner.query('rollback');
      return report.faults.join('\n');
    };
    expect(await faultsAfter(`update audit_seal set signature = 'test.AAAA' where clinic_id = $1 and number = 1`, [app.clinicId])).toContain('Block 1 was not signed');
    expect(await faultsAfter(`update audit_seal set to_xact = to_xact + 1 where clinic_id = $1 and number = 1`, [app.clinicId])).toContain('Block 1 was changed');
    expect(await faultsAfter('delete from audit_seal where clinic_id = $1 and number = 1', [app.clinicId])).toContain('The blocks between 0 and 2 are missing');
    const last = rows.at(-1)?.number ?? 0;
    expect(await faultsAfter('delete from audit_seal where clinic_id = $1 and number = $2', [app.clinicId, last], head)).toContain('cut off');
    const other = new Keyring([{ id: 'test', key: Buffer.alloc(32, 9) }]);
    const foreign = await app.transactions.read(cairnScope(app.clinicId, 'test', 'test-verify'), (tx) => verifyChain(tx, other, app.clinicId));
    expect(foreign.faults.filter((fault) => fault.includes('was not signed'))).toHaveLength(last);
  });
});
