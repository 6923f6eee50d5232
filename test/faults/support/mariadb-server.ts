import { execFile } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import knex from 'knex';
import { freePort } from './free-port.js';
import { databaseUser, ServerProcess } from './server-process.js';

/** Path of `mariadbd`; a test that needs it is skipped where this is not set. */
export const MARIADBD = process.env['GLUE_TEST_MARIADBD'];
const START_TIMEOUT_MS = 40_000;

const silent = (): void => {};
/** What a test needs little of. */
const SMALL = ['--innodb-buffer-pool-size=64M', '--innodb-log-file-size=32M', '--performance-schema=OFF'];

export interface MariadbServerOptions {
  /** Options beside where it listens and keeps its data. */
  readonly args?: readonly string[];
  /** Whether the data folder is filled with the system's tables; a joining node of a cluster gets them from another. */
  readonly install?: boolean;
  /** Whether it can be used, beside answering. @defaultValue that it answers */
  readonly isReady?: (ask: AskServer) => Promise<boolean>;
}

/** Runs one statement as root, on a connection of its own. */
export type AskServer = (sql: string) => Promise<Record<string, unknown>[]>;

/** A MariaDB of the test's own: its data in a temporary folder, on a port of loopback, root without a password. */
export class MariadbServer {
  readonly #process: ServerProcess;
  #isInstalled: boolean;

  private constructor(
    readonly port: number,
    /** Holds data, socket and whatever the test puts beside them; removed by {@link remove}. */
    readonly folder: string,
    private readonly options: MariadbServerOptions,
  ) {
    const { args = [], install = true } = options;
    this.#isInstalled = !install;
    this.#process = new ServerProcess({
      program: MARIADBD ?? 'mariadbd',
      user: databaseUser(),
      environment: this.#environment,
      args: [
        '--no-defaults',
        `--datadir=${this.dataFolder}`,
        '--bind-address=127.0.0.1',
        `--port=${port}`,
        `--socket=${join(folder, 'mariadb.sock')}`,
        `--pid-file=${join(folder, 'mariadb.pid')}`,
        ...SMALL,
        ...args,
      ],
    });
  }

  /** A server that does not run yet. */
  static async create(options: MariadbServerOptions = {}): Promise<MariadbServer> {
    const folder = mkdtempSync(join(tmpdir(), 'glue-mariadb-'));
    const server = new MariadbServer(await freePort(), folder, options);
    const folders = [folder, server.dataFolder, server.#temporaryFolder];
    for (const each of folders.slice(1)) mkdirSync(each);
    const user = databaseUser();
    if (user) for (const each of folders) chownSync(each, user.uid, user.gid);
    return server;
  }

  get dataFolder(): string {
    return join(this.folder, 'data');
  }

  get #temporaryFolder(): string {
    return join(this.folder, 'tmp');
  }

  /** A server that starts removes what looks like temporary tables: so each has a folder of its own for them. */
  get #environment(): Record<string, string> {
    return { TMPDIR: this.#temporaryFolder };
  }

  get isRunning(): boolean {
    return this.#process.isRunning;
  }

  get log(): string {
    return this.#process.log;
  }

  /** URL of one of its databases, as root; through another port, of a proxy say, where one is given. */
  url(database: string, port = this.port): string {
    return `mysql://root@127.0.0.1:${port}/${database}`;
  }

  /** Starts it, or starts it again on the same data and port; resolves when it can be used. */
  async start(moreArgs: readonly string[] = []): Promise<void> {
    if (!this.#isInstalled) await this.#install();
    const isReady = this.options.isReady ?? (async (ask) => (await ask('SELECT 1')).length === 1);
    await this.#process.start(() => isReady(this.ask), START_TIMEOUT_MS, moreArgs);
  }

  readonly ask: AskServer = async (sql) => {
    const connection = { host: '127.0.0.1', port: this.port, user: 'root', connectTimeout: 2_000 };
    const database = knex({
      client: 'mysql2',
      connection,
      pool: { min: 0, max: 1 },
      acquireConnectionTimeout: 2_000,
      log: { warn: silent, error: silent, debug: silent },
    });
    try {
      const [rows] = (await database.raw(sql).timeout(10_000)) as [unknown];
      return Array.isArray(rows) ? (rows as Record<string, unknown>[]) : [];
    } finally {
      await database.destroy();
    }
  };

  /** Has it stand still: it keeps its connections and says nothing. */
  standStill(): void {
    this.#process.standStill();
  }

  goOn(): void {
    this.#process.goOn();
  }

  /** kill -9. */
  kill(): Promise<void> {
    return this.#process.kill();
  }

  /** Stops it in order; its data stays. */
  stop(): Promise<void> {
    return this.#process.stop();
  }

  /** Ends it and removes its data. */
  async remove(): Promise<void> {
    await this.#process.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Runs the program by itself, to its end. @returns what it wrote */
  async runOnce(args: readonly string[]): Promise<string> {
    const options = {
      ...databaseUser(),
      env: { ...process.env, ...this.#environment },
      timeout: START_TIMEOUT_MS,
    };
    const all = ['--no-defaults', `--datadir=${this.dataFolder}`, ...args];
    const { stdout, stderr } = await promisify(execFile)(MARIADBD ?? 'mariadbd', all, options);
    return stdout + stderr;
  }

  async #install(): Promise<void> {
    const args = [
      `--datadir=${this.dataFolder}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
    ];
    await promisify(execFile)('mariadb-install-db', ['--no-defaults', ...args], {
      ...databaseUser(),
      cwd: this.folder,
      env: { ...process.env, ...this.#environment },
      timeout: START_TIMEOUT_MS,
    });
    this.#isInstalled = true;
  }
}
