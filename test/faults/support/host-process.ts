import { spawn, type ChildProcess } from 'node:child_process';
import { until } from './until.js';

const START_TIMEOUT_MS = 40_000;
/** Characters of its log that are kept. */
const KEPT_TEXT = 500_000;

export interface HostProcessOptions {
  readonly configFile: string;
  /** Variables beside our own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** @defaultValue `start` */
  readonly command?: 'start' | 'migrate';
  /** Modules that Node loads first. */
  readonly imports?: readonly string[];
}

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The built host as a process of its own. */
export class HostProcess {
  #text = '';
  #url = '';
  #endedAtMs: number | undefined;
  readonly ended: Promise<Ending>;

  private constructor(private readonly child: ChildProcess) {
    const endWithUs = (): boolean => child.kill('SIGKILL');
    process.once('exit', endWithUs);
    this.ended = new Promise((done) =>
      child.once('exit', (code, signal) => {
        process.off('exit', endWithUs);
        this.#endedAtMs = Date.now();
        done({ code, signal });
      }),
    );
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => this.#take(chunk));
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => this.#take(chunk));
  }

  /** Starts it and does not wait. */
  static launch(options: HostProcessOptions): HostProcess {
    const { configFile, environment, imports = [], command = 'start' } = options;
    const args = ['host/dist/bin/glue.js', command, '--config', configFile];
    return new HostProcess(
      spawn(process.execPath, [...imports.flatMap((file) => ['--import', file]), ...args], {
        env: { ...process.env, ...environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
  }

  /** Resolves when it says that it runs. @throws Error with what it wrote, when it ends first */
  static async start(options: HostProcessOptions): Promise<HostProcess> {
    const host = HostProcess.launch(options);
    try {
      await until('the host runs or has ended', () => host.isRunning || host.hasEnded, START_TIMEOUT_MS);
      if (host.isRunning) return host;
    } catch {
      await host.kill();
    }
    throw new Error(`the host ended:\n${host.log}`);
  }

  /** Where it can be reached, once it runs. */
  get url(): string {
    return this.#url;
  }

  /** Whether it has said that it runs, and has not ended. */
  get isRunning(): boolean {
    return this.#url !== '' && !this.hasEnded;
  }

  get hasEnded(): boolean {
    return this.#endedAtMs !== undefined;
  }

  /** When it ended, Unix milliseconds. */
  get endedAtMs(): number | undefined {
    return this.#endedAtMs;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** The end of what it wrote. */
  get log(): string {
    return this.#text;
  }

  /** kill -9, and waits until it is gone. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /** Asks it to stop. */
  stop(): Promise<Ending> {
    this.child.kill('SIGTERM');
    return this.ended;
  }

  #take(chunk: string): void {
    this.#text = (this.#text + chunk).slice(-KEPT_TEXT);
    if (this.#url === '') this.#url = /Glue is running at (http:\S+)/.exec(this.#text)?.[1] ?? '';
  }
}
