import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';

const START_TIMEOUT_MS = 40_000;

export interface HostProcessOptions {
  readonly configFile: string;
  /** Variables beside our own. */
  readonly environment?: Readonly<Record<string, string>>;
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
  #isRunning = true;

  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
    readonly ended: Promise<Ending>,
  ) {}

  /** Resolves when it says that it runs. @throws Error with what it wrote, when it ends first */
  static async start({ configFile, environment, imports = [] }: HostProcessOptions): Promise<HostProcess> {
    const args = ['host/dist/bin/glue.js', 'start', '--config', configFile];
    const child = spawn(process.execPath, [...imports.flatMap((file) => ['--import', file]), ...args], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const endWithUs = (): boolean => child.kill('SIGKILL');
    process.once('exit', endWithUs);
    const ended = new Promise<Ending>((done) =>
      child.once('exit', (code, signal) => {
        process.off('exit', endWithUs);
        done({ code, signal });
      }),
    );
    let text = '';
    const { promise: started, resolve } = Promise.withResolvers<string>();
    let take = (chunk: string): void => {
      text += chunk;
      const url = /Glue is running at (http:\S+)/.exec(text)?.[1];
      if (url !== undefined) resolve(url);
    };
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => take(chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => take(chunk));
    const url = await Promise.race([
      started,
      ended.then(() => Promise.reject(new Error(`the host ended:\n${text}`))),
      afterMs(START_TIMEOUT_MS).then(() => {
        child.kill('SIGKILL');
        throw new Error(`the host did not start:\n${text}`);
      }),
    ]);
    const host = new HostProcess(url, child, ended);
    host.#text = text;
    take = (chunk) => {
      host.#text = (host.#text + chunk).slice(-200_000);
    };
    void ended.then(() => (host.#isRunning = false));
    return host;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** The end of what it wrote. */
  get log(): string {
    return this.#text;
  }

  /** Memory that it holds, in MiB. */
  get residentMiB(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
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
}

function afterMs(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms).unref());
}
