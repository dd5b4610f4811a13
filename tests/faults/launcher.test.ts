import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { eventually } from '../support/eventually.js';
import { DataFolder, runs, type Launch } from '../support/launcher.js';

describe('npm start', () => {
  let folder: DataFolder;
  let first: Launch;

  beforeAll(async () => {
    folder = await DataFolder.make();
    first = folder.launch();
    await first.ready();
  }, 120_000);
  afterAll(() => folder.remove(), 60_000);

  const clinicId = async (): Promise<string> => {
    const client = new pg.Client({ connectionString: (await folder.run()).env['DATABASE_OWNER_URL'] });
    await client.connect();
    try {
      const { rows } = await client.query<{ id: string }>(`select id from clinic where slug = 'demo'`);
      return rows[0]?.id ?? '';
    } finally {
      await client.end();
    }
  };

  it('says where it is, and where to look', async () => {
    const { addresses } = await folder.run();
    expect(first.said).toContain(`Cairn is ready at ${addresses['api']}\n`);
    expect(first.said).toContain(`${addresses['api']}/docs`);
    expect(first.said).toContain('npm run -s cairn -- token');
    expect((await fetch(`${addresses['api']}/health/ready`)).status).toBe(200);
  });

  it('rests at under 400 MB for API and worker together', async () => {
    const { pids } = await folder.run();
    const resident = (pid: number | undefined): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
    await eventually('both are at rest', () => resident(pids['api']) + resident(pids['worker']) < 400, 60_000);
  }, 70_000);

  it('starts a killed worker again, and writes down its new number', async () => {
    const killed = (await folder.run()).pids.worker;
    process.kill(killed ?? 0, 'SIGKILL');
    const again = await eventually(
      'another worker',
      async () => {
        const { worker } = (await folder.run()).pids;
        return worker === killed ? undefined : worker;
      },
      30_000,
    );
    expect(runs(again)).toBe(true);
    expect(first.said).toContain('The worker was ended by SIGKILL: starting it again.');
  }, 40_000);

  it('refuses a second one on the same data, and names the first', async () => {
    const second = folder.launch();
    expect(await second.ended).toBe(1);
    expect(second.said).toContain(`Cairn is already running at ${(await folder.run()).addresses['api']}`);
    expect(second.said).toContain('CAIRN_DATA_DIR=');
  }, 40_000);

  it('refuses a port that is in use, and names another', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const port = String((other.address() as AddressInfo).port);
    const elsewhere = await DataFolder.make();
    try {
      const busy = elsewhere.launch({ PORT: port });
      expect(await busy.ended).toBe(1);
      expect(busy.said).toContain(`Port ${port} is in use by another program.`);
      expect(busy.said).toMatch(/PORT=\d+ npm start/);
    } finally {
      other.close();
      await elsewhere.remove();
    }
  }, 40_000);

  it('killed outright, leaves only PostgreSQL, which the next start uses with its data', async () => {
    const before = { ...(await folder.run()).pids, clinic: await clinicId() };
    process.kill(await folder.launcherPid(), 'SIGKILL');
    await first.ended;
    const next = folder.launch();
    await next.ready();
    for (const pid of [before.api, before.worker, before.sandbox]) expect(runs(pid)).toBe(false);
    expect((await folder.run()).pids.postgres).toBe(before.postgres);
    expect(await clinicId()).toBe(before.clinic);
    first = next;
  }, 60_000);

  it('waits for one that is stopping, and stops cleanly when every process is told at once, twice', async () => {
    const { pids } = await folder.run();
    process.kill(await folder.launcherPid(), 'SIGTERM');
    const next = folder.launch();
    expect(await first.ended).toBe(0);
    for (const pid of Object.values(pids)) expect(runs(pid)).toBe(false);

    await next.ready();
    const all = (await folder.run()).pids;
    for (const signal of ['SIGINT', 'SIGINT', 'SIGTERM'] as const) next.signalAll(signal);
    await next.ended;
    await eventually('all processes ended', () => !Object.values(all).some(runs), 20_000);
    expect(next.said).toContain('Stopped. Its data stays in');
    expect(next.said).not.toContain('starting it again');
  }, 90_000);
});
