import { hostname } from 'node:os';
import { BackendRegistry } from '../backend/backend-registry.js';
import { BackendStore } from '../backend/backend-store.js';
import { BackendTypes } from '../backend/backend-types.js';
import { ChangeFeed } from '../change/change-feed.js';
import { systemClock, type Clock } from '../clock/clock.js';
import { backendBuilder, connectorBuilder } from '../connector/connector-builder.js';
import { parseSecretKey } from '../crypto/parse-secret-key.js';
import { SecretBox } from '../crypto/secret-box.js';
import type { Database } from '../database/database.js';
import { silentLogger, type Logger } from '../log/logger.js';
import { SeedCatalog } from '../seeds/seed-catalog.js';
import type { SideName } from '../side/side-name.js';
import { HostLease } from '../work/host-lease.js';
import { TimerClock } from '../work/timer-clock.js';
import { registerOwn, type OwnConnector } from './own-connector.js';

export interface FoundationOptions {
  /** From `openDatabase`, or a knex connection of your own to SQLite, MySQL or MariaDB. */
  readonly database: Database;
  /** Encrypts secrets in the database: 32 bytes in base64. Keep it; without it they cannot be read again. */
  readonly secretKey: string;
  readonly connectors: readonly OwnConnector[];
  /** @defaultValue nothing is logged */
  readonly logger?: Logger;
  /** Equal after a restart, different for each machine on one database. @defaultValue the machine's name */
  readonly hostName?: string;
  /** @defaultValue the system's */
  readonly clock?: Clock;
}

/** What a side stands on where there is no host. */
export interface Foundation {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly box: SecretBox;
  readonly types: BackendTypes;
  readonly backends: BackendStore;
  readonly registry: BackendRegistry;
  readonly catalog: SeedCatalog;
  readonly changeFeed: ChangeFeed;
  readonly lease: HostLease;
  readonly retryClock: TimerClock;
  /** By `<connector>:<handlerId>`. */
  readonly handlers: ReadonlyMap<string, object>;
  readonly connectors: readonly OwnConnector[];
  /** Seeds that are left out, since their side is not mounted here; by their full ids. */
  readonly leftOut: ReadonlySet<string>;
}

/**
 * Puts core's parts together for a side that is mounted in an app, without a host. Nothing runs yet, and the database
 * is not asked.
 * @throws GLUE_SECRET_KEY_MISSING, GLUE_CONNECTOR_DEFINITION, GLUE_SEED_…
 */
export async function layFoundation(
  options: FoundationOptions,
  sides: readonly SideName[],
): Promise<Foundation> {
  const { database, clock = systemClock, logger = silentLogger, hostName = hostname() } = options;
  const box = new SecretBox(parseSecretKey(options.secretKey, 'secretKey'), {
    name: 'secretKey',
    wayOut: 'give the one that encrypted it',
  });
  const build = connectorBuilder({ clock, logger });
  const types = new BackendTypes();
  const catalog = new SeedCatalog();
  const handlers = new Map<string, object>();
  const leftOut = new Set<string>();
  const { connectors } = options;
  for (const own of connectors) await registerOwn(own, { types, catalog, handlers, build, sides, leftOut });
  catalog.checkHandlers((handler) => handlers.has(handler));

  const backends = new BackendStore(database, types, box, clock);
  const registry = new BackendRegistry(types, backends, backendBuilder(build), logger);
  const changeFeed = new ChangeFeed(database, clock, logger);
  // The first to hear of changed backends: whatever else listens asks the registry.
  changeFeed.onChange('backends', () => registry.refresh());
  const lease = new HostLease({ database, clock, logger, name: hostName });
  const retryClock = new TimerClock(clock, () => lease.now());
  return {
    ...{ database, clock, logger, box, types, backends, registry, catalog },
    ...{ changeFeed, lease, retryClock, handlers, connectors, leftOut },
  };
}
