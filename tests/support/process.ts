import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A process of Cairn's own, from `dist`, as it runs in earnest. It ends with this process. */
export class CairnProcess {
  #child: ChildProcess | undefined;

  constructor(
    private readonly app: 'api' | 'worker',
    private readonly environment: Record<string, string>,
  ) {}

  /** Starts it; resolves when it is ready. */
  async start(): Promise<void> {
    const child = fork(`dist/programs/${this.app}.js`, { env: { ...process.env, ...this.environment }, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.#child = child;
    let complaint = '';
    child.stderr?.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    const ready = once(child, 'message').then(() => true);
    const ended = once(child, 'exit').then(() => false);
    if (!(await Promise.race([ready, ended]))) throw new Error(`The ${this.app} did not start: ${complaint}`);
  }

  /** Ends it without warning, as a power cut would; resolves when it is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Ends it as an operator would. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }
}
