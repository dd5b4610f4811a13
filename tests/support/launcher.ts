import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually.js';

/** What run.json says, as far as these tests read it. */
interface Run {
  readonly addresses: Readonly<Record<string, string>>;
  readonly pids: Readonly<Record<'api' | 'worker' | 'sandbox' | 'postgres', number | undefined>>;
  readonly env: Readonly<Record<string, string>>;
}

/** `npm start`, as its user sees it. */
export class Launch {
  #said = '';
  readonly ended: Promise<number | null>;

  constructor(readonly process: ChildProcess) {
    for (const stream of [process.stdout, process.stderr]) stream?.on('data', (text: Buffer) => (this.#said += text.toString()));
    this.ended = once(process, 'close').then(([code]) => code as number | null);
  }

  get said(): string {
    return this.#said;
  }

  /** Waits until the line that says so. */
  async ready(): Promise<void> {
    const over = this.ended.then((code) => Promise.reject(new Error(`ended with ${code}: ${this.#said}`)));
    over.catch(() => {});
    await Promise.race([over, eventually('the ready line', () => this.#said.includes('Cairn is ready at'), 60_000)]);
  }

  /** Sends a signal to npm, the launcher and all its processes at once, as a terminal does. */
  signalAll(signal: NodeJS.Signals): void {
    if (this.process.pid) process.kill(-this.process.pid, signal);
  }
}

/** A data folder of one test's own, and what is started on it. */
export class DataFolder {
  readonly #launches: Launch[] = [];

  private constructor(readonly path: string) {}

  static async make(): Promise<DataFolder> {
    const path = await mkdtemp(join(tmpdir(), 'cairn-launcher-'));
    // As root, PostgreSQL runs as a user who has to pass through.
    await chmod(path, 0o711);
    return new DataFolder(path);
  }

  /** Starts `npm start` on it, on a free port, in a process group of its own. */
  launch(environment: Record<string, string> = {}): Launch {
    const { DATABASE_URL: _, ...inherited } = process.env;
    const env = { ...inherited, PORT: '0', CAIRN_DATA_DIR: this.path, ...environment };
    const launch = new Launch(spawn('npm', ['start', '--silent'], { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true }));
    this.#launches.push(launch);
    return launch;
  }

  async run(): Promise<Run> {
    return JSON.parse(await readFile(join(this.path, 'run.json'), 'utf8')) as Run;
  }

  async launcherPid(): Promise<number> {
    return (JSON.parse(await readFile(join(this.path, 'lock'), 'utf8')) as { pid: number }).pid;
  }

  /** Ends what may still run on it. */
  async end(): Promise<void> {
    for (const { process: npm } of this.#launches) if (npm.pid && npm.exitCode === null) npm.kill('SIGTERM');
    await Promise.all(this.#launches.map(({ ended }) => ended));
    const postmaster = await readFile(join(this.path, 'postgres/data/postmaster.pid'), 'utf8').catch(() => '');
    if (postmaster) process.kill(Number(postmaster.split('\n')[0]), 'SIGQUIT');
  }

  /** Ends what may still run on it, and removes it. */
  async remove(): Promise<void> {
    await this.end();
    await rm(this.path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

/** Whether a process runs; one that ended and waits to be collected does not. */
export function runs(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    process.kill(pid, 0);
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' && process.platform !== 'linux';
  }
}
