import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readSettings, startSandbox } from '../../apps/sandbox/src/index.js';
import type { Sandbox, SandboxOptions } from '../../apps/sandbox/src/index.js';

const MAIN = 'dist/programs/sandbox.js';

describe('The sandbox as a process', () => {
  let dataDir: string;
  let child: ChildProcess | undefined;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'sandbox-process-'));
  });
  afterEach(async () => {
    child?.kill('SIGKILL');
    await rm(dataDir, { recursive: true, force: true });
  });

  async function start(env: NodeJS.ProcessEnv = {}) {
    child = fork(MAIN, { env: { PATH: process.env.PATH, SANDBOX_DATA_DIR: dataDir, ...env }, stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] });
    const [message] = (await once(child, 'message')) as [{ type: string; addresses: Record<string, string> }];
    return { child, message };
  }

  it('says when it is ready and where, and stops once for a signal that comes twice', async () => {
    const { child, message } = await start();
    expect(message).toEqual({
      type: 'ready',
      addresses: { ehr: expect.stringMatching(/^http:/), sms: expect.stringMatching(/^http:/), smtp: expect.stringMatching(/^smtp:/), oidc: expect.stringMatching(/^http:/), inbox: expect.stringMatching(/^http:/) },
    });
    expect((await fetch(message.addresses.ehr ?? '')).status).toBe(200);
    child.kill('SIGTERM');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('ends when its parent is gone', async () => {
    const { child } = await start();
    child.disconnect();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('names the setting that keeps it from starting', async () => {
    child = fork(MAIN, { env: { PATH: process.env.PATH, SANDBOX_EHR_PORT: 'eighty', SANDBOX_PROFILE: 'cerner' }, stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] });
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(said).toContain('SANDBOX_EHR_PORT');
    expect(said).toContain('SANDBOX_PROFILE');
  });
});

describe('The sandbox within a test', () => {
  const running: Sandbox[] = [];
  const start = async (options?: SandboxOptions) => {
    const sandbox = await startSandbox(options);
    running.push(sandbox);
    return sandbox;
  };
  afterEach(async () => {
    for (const sandbox of running.splice(0)) await sandbox.stop();
  });

  it('starts whole, links its rooms, learns where Cairn is, and stops', async () => {
    const sandbox = await start({ sms: { token: 'a-token' } });
    sandbox.tellCairn({ url: 'http://127.0.0.1:3998' });
    expect(sandbox.sms.inboundUrl).toBe('http://127.0.0.1:3998/webhooks/sms/replies');
    expect(sandbox.oidc.cairnUrl).toBe('http://127.0.0.1:3998');
    const index = await (await fetch(sandbox.ehr.url)).text();
    for (const url of [sandbox.sms.url, sandbox.smtp.pageUrl, sandbox.oidc.url]) expect(index).toContain(url);
    await sandbox.stop();
    await expect(fetch(sandbox.ehr.url)).rejects.toThrow();
  });

  it('starts whole or not at all', async () => {
    const { addresses } = await start();
    const taken = Number(new URL(addresses.oidc).port);
    await expect(start({ ports: { oidc: taken } })).rejects.toThrow('EADDRINUSE');
  });

  it('reads its settings from the environment, with Cairn where the house says', () => {
    expect(readSettings({ PUBLIC_URL: 'https://cairn.example/', CAIRN_DATA_DIR: '.cairn', SMS_HONOURS_IDEMPOTENCY: 'true', SANDBOX_CLINIC: 'urn:clinics|7' })).toMatchObject({
      cairn: { url: 'https://cairn.example' },
      dataDir: join('.cairn', 'sandbox'),
      sms: { honoursIdempotency: true },
      hospital: { clinic: { system: 'urn:clinics', value: '7' } },
    });
  });
});
