import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { startTestApp, testEnvironment, type TestApp } from '../support/app.js';
import { complete, kickOff, linesOf } from '../support/export-client.js';
import { eventually } from '../support/eventually.js';
import { FhirClient } from '../support/fhir-client.js';
import { CairnProcess } from '../support/process.js';

const RESOURCES = 60_000;
const BEYOND_THE_LEASE = 60_000;

describe('a worker that is killed while it makes an export', () => {
  let app: TestApp;
  let owner: pg.Client;
  const workers: CairnProcess[] = [];

  const startWorker = async (): Promise<CairnProcess> => {
    const worker = new CairnProcess('worker', testEnvironment(app.database));
    workers.push(worker);
    await worker.start();
    return worker;
  };

  beforeAll(async () => {
    app = await startTestApp();
    owner = new pg.Client({ connectionString: app.database.ownerUrl });
    await owner.connect();
    await owner.query(
      `insert into fhir_resource (clinic_id, resource_type, id, version, seq, last_updated, method, patient, patient_ids, owner, author, body)
       select $1, 'Substance', 's' || n, 1, 1000000000 + n, now(), 'POST', 0, '{}', 'outside', 'test',
         '{"resourceType":"Substance","id":"s' || n || '","description":"' || repeat(md5(n::text), 40) || '","code":{"text":"y"}}'
       from generate_series(1, $2::int) n`,
      [app.clinicId, RESOURCES],
    );
  }, 60_000);
  afterAll(async () => {
    for (const worker of workers) await worker.kill();
    await owner.end();
    await app.stop();
  });

  it('loses nothing and doubles nothing: another makes it anew from its beginning', async () => {
    const client = new FhirClient(app, await app.asSystem('system/*.rs'));
    const status = await kickOff(client, '/$export?_type=Substance');
    const id = status.split('/').at(-1);
    const first = await startWorker();
    await eventually('the export is under way', async () => {
      const { rows } = await owner.query<{ busy: boolean }>(`select state = 'running' and resources between 1 and $2 as busy from fhir_export where id = $1`, [id, RESOURCES - 1]);
      return rows[0]?.busy;
    });
    await first.kill();
    expect((await client.get(status)).status).toBe(202);
    await startWorker();
    await app.advance(BEYOND_THE_LEASE);
    const manifest = await complete(client, status, 60_000);
    const { rows } = await owner.query<{ run: number; runs: number[] }>(
      `select e.run, (select array_agg(distinct c.run) from fhir_export_chunk c where c.export_id = e.id) as runs from fhir_export e where e.id = $1`,
      [id],
    );
    expect(rows).toEqual([{ run: 2, runs: [2] }]);
    const ids = (await linesOf(client, manifest)).map((line) => /"id":"(s\d+)"/.exec(line)?.[1]);
    expect(ids).toHaveLength(RESOURCES);
    expect(new Set(ids).size).toBe(RESOURCES);
  }, 120_000);
});
