import type { Server } from 'node:http';
import { GlueError, messageOf, migrate } from 'glue-core';
import type { HostConfig } from './config/config-schema.js';
import { close, createHttpServer, listen } from './http/create-server.js';
import { createHealthApp } from './http/health-app.js';
import { localUrl } from './http/host-url.js';
import { readinessChecks } from './http/readiness.js';
import {
  install,
  reachDatabase,
  type Installation,
  type InstallationOptions,
  type OpenedDatabase,
} from './installation.js';
import { prepareRecords } from './prepare-records.js';
import { findStartErrors, refuseToStart } from './start-errors.js';
import { StopSteps } from './stop-steps.js';

/** How long answers under way may take once all work is done, in milliseconds. */
const CLOSE_GRACE_MS = 2_000;
/**
 * What the steps of a stop may take beyond its deadline, in milliseconds: for a side to end what it broke off, for
 * everything that stands on the database, and for its connections. Together the grace that the docs speak of, 5 s.
 */
const BREAK_OFF_MS = 1_000;
const LEAVE_MS = 3_000;
const DISCONNECT_MS = 1_000;

/** A running Glue. */
export interface Host {
  /** Starts, or throws and leaves nothing open. Once only. */
  start(): Promise<void>;
  /**
   * Stops in order, within `stop.deadlineSeconds` and five seconds more, whatever hangs; a second call waits for the
   * first.
   * @returns what could not be stopped, such as `database`: it ends with the process
   */
  stop(): Promise<readonly string[]>;
  /** Where this machine reaches it, e.g. `http://127.0.0.1:3400`; after the start. */
  readonly url: string;
  /** What it consists of; after the start. */
  readonly installation: Installation;
}

/** Makes a host of a configuration (see `loadConfig`). Nothing is opened before `start()`. */
export function createHost(config: HostConfig, options: InstallationOptions = {}): Host {
  return new GlueHost(config, options);
}

class GlueHost implements Host {
  #opened: OpenedDatabase | undefined;
  #installation: Installation | undefined;
  #server: Server | undefined;
  #port = 0;
  #leaseTaken = false;
  #starting: Promise<void> | undefined;
  #stopping: Promise<readonly string[]> | undefined;

  constructor(
    private readonly config: HostConfig,
    private readonly options: InstallationOptions,
  ) {}

  get url(): string {
    return localUrl(this.config.host.address, this.#port);
  }

  get installation(): Installation {
    if (!this.#installation) throw new Error('the host is not started');
    return this.#installation;
  }

  start(): Promise<void> {
    this.#starting ??= this.#start().catch(async (error: unknown) => {
      await this.#shutDown();
      throw error;
    });
    return this.#starting;
  }

  stop(): Promise<readonly string[]> {
    this.#stopping ??= this.#stopOnceStarted();
    return this.#stopping;
  }

  async #stopOnceStarted(): Promise<readonly string[]> {
    const steps = new StopSteps(this.#installation?.logger);
    let hasFailed = false;
    await steps.take('start', this.#deadlineMs + BREAK_OFF_MS, async () => {
      // A start that failed has closed what it opened.
      await this.#starting?.catch(() => (hasFailed = true));
    });
    if (hasFailed || steps.left.length > 0) return steps.left;
    return this.#shutDown();
  }

  get #deadlineMs(): number {
    return this.config.stop.deadlineSeconds * 1000;
  }

  async #start(): Promise<void> {
    const opened = await reachDatabase(this.config);
    this.#opened = opened;
    refuseToStart(await findStartErrors(this.config, opened, this.options));
    const migrated = await migrate(opened.database, opened.migrations);
    const installation = await install(this.config, opened, this.options);
    this.#installation = installation;
    if (migrated.length > 0) installation.logger.info({ migrations: migrated }, 'the database was migrated');
    // What is written before there is a lease goes by the time that the hosts share, too.
    await installation.lease.readTime();
    await installation.registry.refresh();
    await prepareRecords(installation);
    await this.#run(installation);
    installation.logger.info({ url: this.url, sides: installation.sides }, 'started');
  }

  async #run(installation: Installation): Promise<void> {
    const { lease, retryClock, changeFeed, inbound, outbound } = installation;
    await lease.start();
    this.#leaseTaken = true;
    await retryClock.start();
    await changeFeed.start();
    await outbound?.start();
    await inbound?.start();
    await this.#listen(installation);
  }

  async #listen(installation: Installation): Promise<void> {
    const { port, address } = this.config.host;
    const checks = readinessChecks(installation, () => this.#stopping !== undefined);
    this.#server = createHttpServer({
      inbound: installation.inbound?.listener,
      app: createHealthApp({ checks, logger: installation.logger }),
    });
    try {
      this.#port = await listen(this.#server, port, address);
    } catch (error) {
      throw new GlueError('GLUE_LISTEN', `cannot listen on ${address}, port ${port}: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  /**
   * Refuses new traffic, stops claiming and waits for what runs; gives up the lease, by which what was not started or
   * not finished is free for others, and with it Agenda and the server; then the database. Whatever fails or hangs, the
   * rest is done.
   */
  async #shutDown(): Promise<readonly string[]> {
    const { inbound, outbound, changeFeed, lease, retryClock, logger } = this.#installation ?? {};
    const steps = new StopSteps(logger);
    const workMs = this.#deadlineMs + BREAK_OFF_MS;

    inbound?.refuse();
    await Promise.all([
      steps.take('inbound', workMs, () => inbound?.stop(this.#deadlineMs)),
      steps.take('outbound', workMs, () => outbound?.stop(this.#deadlineMs)),
    ]);
    const unfinished = [inbound, outbound].reduce((sum, side) => sum + (side?.queue.held ?? 0), 0);
    await Promise.all([
      steps.take('change feed', LEAVE_MS, () => changeFeed?.stop()),
      steps.take('lease', LEAVE_MS, () => (this.#leaseTaken ? lease?.stop() : undefined)),
      steps.take('clock', LEAVE_MS, () => retryClock?.stop()),
      steps.take('server', LEAVE_MS, () => this.#server && close(this.#server, CLOSE_GRACE_MS)),
    ]);
    await steps.take('database', DISCONNECT_MS, () => this.#opened?.database.destroy());
    const { left } = steps;
    if (left.length > 0) logger?.error({ left, unfinished }, 'stopped, but not in order');
    else logger?.info({ unfinished }, 'stopped');
    return left;
  }
}
