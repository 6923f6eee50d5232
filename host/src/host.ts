import type { Server } from 'node:http';
import { GlueError, messageOf, migrate, type Logger } from 'glue-core';
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

/** How long answers under way may take once all work is done, in milliseconds. */
const CLOSE_GRACE_MS = 2_000;

/** A running Glue. */
export interface Host {
  /** Starts, or throws and leaves nothing open. Once only. */
  start(): Promise<void>;
  /** Stops in order; a second call waits for the first. */
  stop(): Promise<void>;
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
  #stopping: Promise<void> | undefined;

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

  stop(): Promise<void> {
    this.#stopping ??= (this.#starting ?? Promise.resolve()).then(
      () => this.#shutDown(),
      () => {}, // A start that failed has closed what it opened.
    );
    return this.#stopping;
  }

  async #start(): Promise<void> {
    const opened = await reachDatabase(this.config);
    this.#opened = opened;
    const migrated = await migrate(opened.database, opened.migrations);
    const installation = await install(this.config, opened, this.options);
    this.#installation = installation;
    if (migrated.length > 0) installation.logger.info({ migrations: migrated }, 'the database was migrated');
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
   * not finished is free for others; then Agenda, the server and the database. Whatever fails, the rest is done.
   */
  async #shutDown(): Promise<void> {
    const deadlineMs = this.config.stop.deadlineSeconds * 1000;
    const { inbound, outbound, changeFeed, lease, retryClock, logger } = this.#installation ?? {};
    const step = (name: string, stop: () => Promise<unknown> | undefined) => guarded(name, stop, logger);

    inbound?.refuse();
    await Promise.all([
      step('inbound', () => inbound?.stop(deadlineMs)),
      step('outbound', () => outbound?.stop(deadlineMs)),
    ]);
    await step('change feed', () => changeFeed?.stop());
    await step('lease', () => (this.#leaseTaken ? lease?.stop() : undefined));
    await step('clock', () => retryClock?.stop());
    await step('server', () => this.#server && close(this.#server, CLOSE_GRACE_MS));
    await step('database', () => this.#opened?.database.destroy());
    logger?.info({}, 'stopped');
  }
}

async function guarded(
  name: string,
  stop: () => Promise<unknown> | undefined,
  logger: Logger | undefined,
): Promise<void> {
  try {
    await stop();
  } catch (error) {
    logger?.warn({ step: name, reason: messageOf(error) }, 'could not be stopped in order');
  }
}
