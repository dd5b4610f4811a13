import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { startTestApp, testEnvironment, type TestApp } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { CairnProcess } from '../support/process.js';

/** What demo mode can do must not exist elsewhere: not be forbidden, but be absent. */
describe('demo powers', () => {
  let demo: TestApp;
  let database: TestDatabase;
  let production: CairnProcess;
  let environment: Record<string, string>;
  const url = 'http://127.0.0.1:3899';

  beforeAll(async () => {
    demo = await startTestApp();
    database = await createTestDatabase();
    const owner = new pg.Client({ connectionString: database.ownerUrl });
    await owner.connect();
    await owner.query(`update instance set mode = 'production'`);
    await owner.end();
    environment = { ...testEnvironment(database), CAIRN_MODE: 'production', PORT: '3899' };
    production = new CairnProcess('api', environment);
    await production.start();
  }, 60_000);
  afterAll(async () => {
    await production.stop();
    await database.drop();
    await demo.stop();
  }, 60_000);

  const cairn = (...args: string[]) =>
    promisify(execFile)(process.execPath, ['dist/programs/cli.js', ...args], { env: { ...process.env, ...environment } }).then(
      ({ stdout }) => ({ code: 0, said: stdout }),
      (error: { code: number; stdout: string; stderr: string }) => ({ code: error.code, said: `${error.stdout}${error.stderr}` }),
    );

  it('are there in demo mode', async () => {
    await demo.request.get('/api/v1/demo/clock').set('authorization', await demo.as('coordinator')).expect(200);
  });

  it('have no route outside it: not with a token, not without', async () => {
    for (const path of ['/api/v1/demo/clock', '/api/v1/demo']) {
      for (const method of ['GET', 'POST']) {
        const answer = await fetch(`${url}${path}`, { method, headers: { authorization: await demo.as('coordinator') } });
        expect(answer.status).toBe(404);
      }
    }
    const { paths } = (await (await fetch(`${url}/docs/openapi.json`)).json()) as { paths: Record<string, unknown> };
    expect(Object.keys(paths).filter((path) => path.includes('demo'))).toEqual([]);
  });

  it("have no token outside it: a demo's token opens nothing", async () => {
    const answer = await fetch(`${url}/api/v1/referrals`, { headers: { authorization: await demo.as('coordinator') } });
    expect(answer.status).toBe(401);
  });

  it('have no command outside it', async () => {
    for (const command of [['token'], ['token', '--scope', 'system/*.*'], ['seed']]) {
      const { code, said } = await cairn(...command);
      expect(code).not.toBe(0);
      expect(said).toMatch(/unknown command/);
    }
    expect((await cairn('help')).said).not.toMatch(/\b(token|seed)\b.*demo/);
  });

  it('refuse a database that demo mode did not make, and the reverse', async () => {
    await expect(new CairnProcess('api', { ...environment, CAIRN_MODE: 'demo', PORT: '3898' }).start()).rejects.toThrow(/made in production mode/);
    await expect(new CairnProcess('api', { ...testEnvironment(demo.database), CAIRN_MODE: 'production', PORT: '3898' }).start()).rejects.toThrow(/made in demo mode/);
  }, 30_000);
});
