import {
  connectorBuilder,
  coreMigrations,
  databaseNow,
  GlueError,
  hasBackends,
  hasEndpointSecrets,
  messageOf,
  openDatabase,
  pendingMigrations,
  sqliteProblemOf,
  systemClock,
  type Clock,
  type Database,
  type Logger,
  type Migration,
  type SideName,
} from 'glue-core';
import type { Egress } from 'glue-outbound';
import { compose, type House } from './container.js';
import type { HostConfig } from './config/config-schema.js';
import { systemEnvironment } from './config/environment.js';
import { emptyHandlers } from './discovery/register-connector.js';
import { loadConnectors, type ConnectorStatus } from './discovery/load-connectors.js';
import { foreignTables } from './foreign-tables.js';
import { createLogger } from './log/create-logger.js';
import { readSecretKey } from './secrets/secret-key.js';
import { importSides, sideNamesOf, wantedSides, type SideModules } from './sides/import-sides.js';

export interface InstallationOptions {
  /** @defaultValue a logger as configured, to stderr */
  readonly logger?: Logger;
  /** @defaultValue the system's */
  readonly clock?: Clock;
  /** 32 bytes in base64. @defaultValue `GLUE_SECRET_KEY`, else the key file in the data folder */
  readonly secretKey?: string;
}

/** The database of a host and what belongs in it; before connectors are loaded. */
export interface OpenedDatabase {
  readonly database: Database;
  readonly sides: SideModules;
  readonly migrations: readonly Migration[];
}

/** A host's parts, opened and put together, but not running: enough for every command that only looks or writes. */
export interface Installation extends House {
  readonly config: HostConfig;
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sides: readonly SideName[];
  readonly connectors: readonly ConnectorStatus[];
}

/**
 * Opens the database. The caller closes it.
 * @throws GLUE_DATABASE_UNAVAILABLE; GLUE_DATABASE_UNSUITABLE for a file of another program
 */
export async function reachDatabase(config: HostConfig): Promise<OpenedDatabase> {
  const sides = wantedSides(await importSides(), config.sides);
  const schemas = [sides.inbound?.inboundSchema, sides.outbound?.outboundSchema];
  const migrations = [...coreMigrations, ...schemas.flatMap((schema) => schema?.migrations ?? [])];
  let database: Database | undefined;
  try {
    database = openDatabase(config.database);
    await databaseNow(database);
    await refuseForeignFile(config, database);
    return { database, sides, migrations };
  } catch (error) {
    await database?.destroy();
    if (error instanceof GlueError) throw error;
    const problem = sqliteProblemOf(error) ?? `${placeOf(config)} cannot be opened: ${messageOf(error)}`;
    throw new GlueError('GLUE_DATABASE_UNAVAILABLE', problem, { cause: error });
  }
}

async function refuseForeignFile(config: HostConfig, database: Database): Promise<void> {
  const [first, ...others] = await foreignTables(database);
  if (first === undefined) return;
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  throw new GlueError(
    'GLUE_DATABASE_UNSUITABLE',
    `${placeOf(config)} belongs to another program (table "${first}"${more}): name a file of its own in database.file`,
  );
}

/** @throws GLUE_SCHEMA_OLDER when migrations are pending */
export async function refuseOldSchema({ database, migrations }: OpenedDatabase): Promise<void> {
  const pending = await pendingMigrations(database, migrations);
  if (pending.length > 0)
    throw new GlueError('GLUE_SCHEMA_OLDER', 'the database waits for migrations', { problems: pending });
}

/**
 * Loads the connectors and puts everything together. The schema must be up to date.
 * @throws GLUE_CONNECTOR_…, GLUE_SEED_…, GLUE_SECRET_KEY_MISSING
 */
export async function install(
  config: HostConfig,
  { database, sides: modules }: OpenedDatabase,
  options: InstallationOptions = {},
): Promise<Installation> {
  const logger = options.logger ?? createLogger({ ...config.log, host: config.host.name });
  const clock = options.clock ?? systemClock;
  const handlers = emptyHandlers();
  const build = connectorBuilder({ clock, logger });
  const sides = sideNamesOf(modules);
  const secretKey = readSecretKey({
    dataFolder: config.dataFolder,
    fromEnvironment: options.secretKey ?? systemEnvironment()['GLUE_SECRET_KEY'],
    mayCreate: !(await hasBackends(database)) && !(await hasEndpointSecrets(database)),
  });
  let connectors: readonly ConnectorStatus[] = [];
  const composition = compose({
    ...{ config, database, clock, logger, secretKey, sides: modules, handlers, build },
    egressOf: (type) => egressOf(composition.types.connectorOf(type), connectors, config),
  });
  connectors = await loadConnectors({
    places: { baseFolder: config.baseFolder, ...config.connectors },
    enabled: config.connectors.enabled,
    lenient: config.connectors.lenient,
    register: { ...composition, handlers, sides, build },
    logger,
  });
  return { ...composition.complete(), config, database, clock, logger, sides, connectors };
}

function egressOf(
  connector: string | undefined,
  connectors: readonly ConnectorStatus[],
  config: HostConfig,
): Egress | undefined {
  const declared = connectors.find(({ id }) => id === connector)?.found?.manifest.egress;
  if (connector === undefined || declared === undefined) return undefined;
  return { connector, hosts: [...declared, ...(config.connectors.egress[connector] ?? [])] };
}

function placeOf({ database }: HostConfig): string {
  if (database.client === 'sqlite') return `the database file ${database.file}`;
  const { host, pathname } = new URL(database.url);
  return `the database ${pathname.slice(1)} at ${host}`;
}
