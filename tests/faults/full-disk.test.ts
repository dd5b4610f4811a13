import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataFolder, runs, type Launch } from '../support/launcher.js';

/** A disk of 200 MB over the folder. */
const mount = (folder: string): void => void execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=200m,mode=711', 'tmpfs', folder], { stdio: 'ignore' });
const unmount = (folder: string): void => void execFileSync('umount', [folder], { stdio: 'ignore' });

const folder = await DataFolder.make();
let mayMount = true;
try {
  mount(folder.path);
} catch {
  mayMount = false;
}

(mayMount ? describe : describe.skip)('a disk that is full [needs the right to mount one]', () => {
  const filler = join(folder.path, 'filler');
  let launch: Launch;

  /** Writes until nothing more goes in. */
  async function fill(): Promise<void> {
    const stream = createWriteStream(filler);
    const full = once(stream, 'error');
    const pour = (): void => void stream.write(Buffer.alloc(65_536), (error) => !error && pour());
    pour();
    const [error] = (await full) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ENOSPC');
  }

  beforeAll(async () => {
    launch = folder.launch();
    await launch.ready();
  }, 120_000);

  it('does not keep Cairn from stopping', async () => {
    const { pids } = await folder.run();
    await fill();
    process.kill(await folder.launcherPid(), 'SIGTERM');
    expect(await launch.ended).toBe(0);
    expect(Object.values(pids).filter(runs)).toEqual([]);
    expect(launch.said).toContain('Stopped. Its data stays in');
  }, 60_000);

  it('is a sentence at the next start, which leaves nothing running', async () => {
    const second = folder.launch();
    expect(await second.ended).toBe(1);
    expect(second.said).toContain('is full.\n');
    expect(second.said).toContain('Free some space');
    expect(existsSync(join(folder.path, 'postgres/data/postmaster.pid'))).toBe(false);
  }, 60_000);

  it('given room again, goes on with its data', async () => {
    rmSync(filler);
    const third = folder.launch();
    await third.ready();
    process.kill(await folder.launcherPid(), 'SIGTERM');
    expect(await third.ended).toBe(0);
  }, 60_000);

  afterAll(async () => {
    await folder.end();
    unmount(folder.path);
  }, 60_000);
});

afterAll(() => folder.remove(), 60_000);
