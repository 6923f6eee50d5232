import { randomBytes } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, it } from '@jest/globals';
import { openDatabase, type Database, type DatabaseConfig } from 'glue-core';
import knex from 'knex';
import { HostProcess, type HostProcessOptions } from './host-process.js';
import { Receiver } from './receiver.js';
import { SECRET } from './sender.js';

/** Makes a host end only when nothing is left in it that keeps it alive. */
export const ENDS_BY_ITSELF = { imports: [resolve('test/faults/support/end-by-itself.mjs')] } as const;

export type HostOptions = Partial<Pick<HostProcessOptions, 'environment' | 'imports' | 'command'>> & {
  /** Config beside what every host has. */
  readonly config?: Readonly<Record<string, unknown>>;
};

/** Hosts on one database, the receiver they deliver to, and a look into the database. */
export class Scene {
  readonly hosts: HostProcess[] = [];
  readonly #secretKey = randomBytes(32).toString('base64');

  private constructor(
    private readonly folder: string,
    readonly database: Database,
    readonly receiver: Receiver,
    private readonly databaseConfig: DatabaseConfig,
    private readonly dropDatabase: () => Promise<void>,
  ) {}

  /**
   * @param url - of a MySQL or MariaDB server; without it the database is a SQLite file
   * @param fileFolder - of the SQLite file. @defaultValue where all else of the scene lies
   */
  static async open(url?: string, fileFolder?: string): Promise<Scene> {
    const folder = mkdtempSync(join(tmpdir(), 'glue-faults-'));
    const receiver = await Receiver.start();
    if (url === undefined) {
      const config = {
        client: 'sqlite',
        file: join(fileFolder ?? folder, 'glue.db'),
        durability: 'durable',
      } as const;
      return new Scene(folder, openDatabase(config), receiver, config, () => Promise.resolve());
    }
    const name = `glue_faults_${process.pid}_${Date.now()}`;
    const asAdmin = async (sql: string): Promise<void> => {
      const admin = knex({ client: 'mysql2', connection: new URL('mysql', url).href });
      await admin.raw(sql).finally(() => admin.destroy());
    };
    await asAdmin(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
    const config: DatabaseConfig = {
      client: 'mysql',
      url: new URL(name, url).href,
      poolSize: 10,
      connectTimeoutMs: 5_000,
      answerTimeoutMs: 10_000,
      tls: false,
    };
    return new Scene(folder, openDatabase(config), receiver, config, () => asAdmin(`DROP DATABASE ${name}`));
  }

  /** Starts a host; one of this name that was killed or stopped is started again. */
  async start(name: string, options?: HostOptions): Promise<HostProcess> {
    const host = await HostProcess.start(this.#process(name, options));
    this.hosts.push(host);
    return host;
  }

  /** Starts a host and does not wait: it may be killed before it runs. */
  launch(name: string, options?: HostOptions): HostProcess {
    const host = HostProcess.launch(this.#process(name, options));
    this.hosts.push(host);
    return host;
  }

  #process(name: string, { config, ...options }: HostOptions = {}): HostProcessOptions {
    const configFile = join(this.folder, `${name}.json`);
    const all = {
      host: { name, port: 0 },
      dataFolder: join(this.folder, 'data'),
      database: this.databaseConfig,
      connectors: { enabled: ['relay'], folders: [resolve('test/fixtures/connectors')] },
      outbound: { allow: { cidrs: ['127.0.0.1/32'] } },
      log: { level: 'info', pretty: false },
      backends: [
        {
          type: 'relay',
          name: 'Relay',
          settings: { secret: SECRET, target: this.receiver.url },
          provision: true,
        },
      ],
      ...config,
    };
    writeFileSync(configFile, JSON.stringify(all));
    const environment = { GLUE_SECRET_KEY: this.#secretKey, ...options.environment };
    return { ...options, configFile, environment };
  }

  /** Host config by which it reaches the database through another port: of a proxy, or of another node of a cluster. */
  throughPort(port: number): HostOptions {
    if (this.databaseConfig.client === 'sqlite') throw new Error('a SQLite file has no port');
    const url = new URL(this.databaseConfig.url);
    url.port = String(port);
    return { config: { database: { ...this.databaseConfig, url: url.href } } };
  }

  /** Takes the SQLite file from under the hosts that have it open. */
  moveFile(): void {
    renameSync(this.#file, `${this.#file}.moved`);
  }

  moveFileBack(): void {
    renameSync(`${this.#file}.moved`, this.#file);
  }

  get #file(): string {
    if (this.databaseConfig.client !== 'sqlite') throw new Error('a server has no file');
    return this.databaseConfig.file;
  }

  /** Hosts that run. */
  get running(): readonly HostProcess[] {
    return this.hosts.filter(({ isRunning }) => isRunning);
  }

  async close(): Promise<void> {
    for (const host of this.hosts) if (!host.hasEnded) await host.kill();
    await this.receiver.close();
    await this.database.destroy();
    await this.dropDatabase();
    rmSync(this.folder, { recursive: true });
  }
}

/** Runs fault tests on SQLite, and on MySQL or MariaDB where GLUE_TEST_MYSQL_URL names a server. */
export function describeFaults(
  name: string,
  tests: (open: () => Promise<Scene>, isSqlite: boolean) => void,
): void {
  describe(`${name} (SQLite)`, () => tests(() => Scene.open(), true));
  const url = process.env['GLUE_TEST_MYSQL_URL'];
  describe(`${name} (MySQL)`, () => {
    if (url === undefined) it.skip('skipped: GLUE_TEST_MYSQL_URL is not set', () => {});
    else tests(() => Scene.open(url), false);
  });
}
