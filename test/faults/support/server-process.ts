import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** Database servers refuse to run as root; Debian's packages make this user for them. */
const DATABASE_USER = 'mysql';
const POLL_MS = 50;

/** Whose process it is: the database user's where this process is root's, else our own. */
export function databaseUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (kind: '-u' | '-g') => Number(execFileSync('id', [kind, DATABASE_USER]).toString());
  return { uid: idOf('-u'), gid: idOf('-g') };
}

export interface ServerProcessOptions {
  readonly program: string;
  readonly args: readonly string[];
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  /** Variables beside our own. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A server as a child process of the test: started, killed and waited for by its own id. */
export class ServerProcess {
  #child: ChildProcess | undefined;
  #log = '';
  #ended: Promise<void> = Promise.resolve();

  constructor(private readonly options: ServerProcessOptions) {}

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** The end of what it wrote since the start. */
  get log(): string {
    return this.#log;
  }

  /**
   * Starts it and waits until it is ready.
   * @param isReady - asked again and again; false or an exception means not yet
   * @throws Error with the end of its log when it ends, or is not ready in time
   */
  async start(
    isReady: () => Promise<boolean>,
    timeoutMs: number,
    moreArgs: readonly string[] = [],
  ): Promise<void> {
    const { program, args, user, environment } = this.options;
    const child = spawn(program, [...args, ...moreArgs], {
      ...user,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const endWithUs = (): boolean => child.kill('SIGKILL');
    process.once('exit', endWithUs);
    this.#child = child;
    this.#log = '';
    const keep = (chunk: Buffer): void => {
      this.#log = (this.#log + chunk.toString('utf8')).slice(-20_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    this.#ended = new Promise((resolve) => {
      const end = (reason: string): void => {
        this.#log += `\n${reason}`;
        if (this.#child === child) this.#child = undefined;
        process.off('exit', endWithUs);
        resolve();
      };
      child.once('error', (error) => end(String(error)));
      child.once('close', (code, signal) => end(`ended with ${String(signal ?? code)}`));
    });
    const givenUpAt = Date.now() + timeoutMs;
    while (!(await isReady().catch(() => false))) {
      if (this.#child !== child) throw new Error(`${program} ended:\n${this.#log}`);
      if (Date.now() > givenUpAt) {
        const log = this.#log;
        await this.kill();
        throw new Error(`${program} was not ready within ${timeoutMs} ms:\n${log}`);
      }
      await sleep(POLL_MS);
    }
  }

  /** Has it stand still: it keeps its connections and says nothing. */
  standStill(): void {
    this.#child?.kill('SIGSTOP');
  }

  goOn(): void {
    this.#child?.kill('SIGCONT');
  }

  /** kill -9, and waits until it is gone. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  /** Asks it to end; kills it when it takes too long. */
  async stop(timeoutMs = 15_000): Promise<void> {
    this.#child?.kill('SIGTERM');
    const timer = setTimeout(() => this.#child?.kill('SIGKILL'), timeoutMs);
    await this.#ended;
    clearTimeout(timer);
  }
}
