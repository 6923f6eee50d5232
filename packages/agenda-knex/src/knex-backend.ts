import type { AgendaBackend, JobsSort, NotificationChannel } from 'agenda';
import knexPackage, { type Knex } from 'knex';
import { ClaimGate } from './claim-gate.js';
import { nameTables, type Database, type TableNames } from './database.js';
import { clientOf, dialectOf } from './dialect.js';
import { KnexJobLog } from './job-log.js';
import { KnexJobRepository } from './job-repository.js';
import { migrate } from './migrate.js';
import { reachDatabase } from './reach-database.js';

/** Where the jobs are: a connection of yours, or one the backend makes, and closes, itself. */
export type KnexConnection = { knex: Knex; config?: undefined } | { config: Knex.Config; knex?: undefined };

/** Options of {@link KnexBackend}. */
export type KnexBackendOptions = KnexConnection & {
  /** Put before `jobs`, `logs` and `migrations`. @defaultValue `agenda_` */
  tablePrefix?: string;
  /** Whole table names, where a prefix is not enough. */
  tables?: Partial<TableNames>;
  /** Order in which due jobs are run. @defaultValue `{ nextRunAt: 'asc', priority: 'desc' }` */
  sort?: JobsSort;
  /** Passed on to Agenda, for jobs to be picked up when they are saved instead of at the next scan. */
  notificationChannel?: NotificationChannel;
  /** How long `connect()` waits for the database's first answer. @defaultValue `10000` */
  connectTimeoutMs?: number;
  /** The clock, in Unix milliseconds; for tests. @defaultValue `Date.now` */
  now?: () => number;
};

const DUE_FIRST: JobsSort = { nextRunAt: 'asc', priority: 'desc' };

/**
 * An Agenda backend on SQLite, MySQL, MariaDB or PostgreSQL.
 *
 * Agenda's constructor connects, but leaves a refusal unhandled (which ends the process): `await backend.connect()`
 * before you make the Agenda, and it finds the backend connected.
 */
export class KnexBackend implements AgendaBackend {
  readonly name: string;
  readonly ownsConnection: boolean;
  readonly repository: KnexJobRepository;
  readonly logger: KnexJobLog;
  readonly notificationChannel: NotificationChannel | undefined;

  readonly #database: Database;
  readonly #gate = new ClaimGate();
  readonly #connectTimeoutMs: number;
  #connected: Promise<void> | undefined;
  #destroyed = false;

  /** @throws Error when the database is of a kind this package does not speak, or its driver is not installed. */
  constructor(options: KnexBackendOptions) {
    // Knex is CommonJS, and Node finds no named exports in it.
    const knex = options.knex ?? knexPackage.knex({ useNullAsDefault: true, ...options.config });
    this.#database = {
      knex,
      dialect: dialectOf(knex),
      tables: nameTables(options.tablePrefix, options.tables),
      sort: options.sort ?? DUE_FIRST,
      now: options.now ?? Date.now,
    };
    this.name = `Knex (${clientOf(knex).driverName})`;
    this.ownsConnection = options.knex === undefined;
    this.repository = new KnexJobRepository(this.#database, this.#gate, () => this.connect());
    this.logger = new KnexJobLog(this.#database);
    this.notificationChannel = options.notificationChannel;
    this.#connectTimeoutMs = options.connectTimeoutMs ?? 10_000;
  }

  /**
   * Reaches the database and brings its tables up to date. Once connected, or while connecting, further calls give
   * the same promise; after a failure or {@link disconnect} the next call tries anew.
   *
   * @throws Error naming the database and the reason, within `connectTimeoutMs` when there is no answer.
   */
  connect(): Promise<void> {
    this.#connected ??= this.#connect();
    return this.#connected;
  }

  /**
   * Stops claiming jobs, waits for the claims under way, and closes the connection if the backend made it.
   *
   * With a connection of yours, call it (or `agenda.stop(true)`) all the same before you close that.
   */
  async disconnect(): Promise<void> {
    await this.#connected?.catch(() => undefined);
    this.#connected = undefined;
    await this.#gate.close();
    await this.#release();
  }

  async #connect(): Promise<void> {
    const { knex } = this.#database;
    if (this.#destroyed) {
      knex.initialize();
      this.#destroyed = false;
    }
    try {
      await reachDatabase(knex, this.#connectTimeoutMs);
      await migrate(this.#database);
      this.#gate.open();
    } catch (error) {
      this.#connected = undefined;
      // Not waited for: a connection attempt that hangs would make this call hang.
      void this.#release().catch(() => undefined);
      throw error;
    }
  }

  async #release(): Promise<void> {
    if (!this.ownsConnection || this.#destroyed) return;
    this.#destroyed = true;
    await this.#database.knex.destroy();
  }
}
