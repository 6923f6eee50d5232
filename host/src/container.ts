import {
  backendBuilder,
  BACKEND_REGISTRY,
  BACKEND_STORE,
  BACKEND_TYPES,
  BackendRegistry,
  BackendStore,
  BackendTypes,
  CHANGE_FEED,
  ChangeFeed,
  CLOCK,
  container,
  DATABASE,
  HostLease,
  instanceCachingFactory,
  LOGGER,
  PROVISIONER,
  Provisioner,
  RETRY_CLOCK,
  SECRET_BOX,
  SecretBox,
  SEED_CATALOG,
  SeedCatalog,
  type BuildConnectorClass,
  type Clock,
  type Database,
  type DependencyContainer,
  type InjectionToken,
  type Logger,
} from 'glue-core';
import type { Inbound, InboundHandler } from 'glue-inbound';
import type { Egress, Outbound, OutboundHandler } from 'glue-outbound';
import { AGENDA_CLOCK, AgendaClock } from './clock/agenda-clock.js';
import type { HostConfig } from './config/config-schema.js';
import { healthJob } from './health/health-job.js';
import { retentionJob } from './retention/retention-job.js';
import type { SecretKey } from './secrets/secret-key.js';
import type { SideModules } from './sides/import-sides.js';

export const HOST_LEASE: InjectionToken<HostLease> = Symbol('glue:host-lease');
export const INBOUND: InjectionToken<Inbound | undefined> = Symbol('glue:inbound');
export const OUTBOUND: InjectionToken<Outbound | undefined> = Symbol('glue:outbound');

/** What a host is put together from. */
export interface Parts {
  readonly config: HostConfig;
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly secretKey: SecretKey;
  readonly sides: SideModules;
  /** By `<connector>:<handlerId>`; filled while connectors are registered. */
  readonly handlers: {
    readonly inbound: ReadonlyMap<string, InboundHandler>;
    readonly outbound: ReadonlyMap<string, OutboundHandler>;
  };
  readonly build: BuildConnectorClass;
  /** Hosts that the connector of a backend type may call. */
  readonly egressOf: (backendType: string) => Egress | undefined;
}

/** Everything a host consists of. */
export interface House {
  readonly types: BackendTypes;
  readonly catalog: SeedCatalog;
  readonly store: BackendStore;
  readonly registry: BackendRegistry;
  readonly provisioner: Provisioner;
  readonly changeFeed: ChangeFeed;
  readonly lease: HostLease;
  readonly retryClock: AgendaClock;
  /** Absent where that side is. */
  readonly inbound: Inbound | undefined;
  readonly outbound: Outbound | undefined;
}

/** A house with the part that connectors are registered in; the rest is built once they are. */
export interface Composition extends Pick<House, 'types' | 'catalog'> {
  complete(): House;
}

/**
 * The composition root: nowhere else is anything registered or resolved. Each host has a container of its own, so
 * that several can run in one process.
 */
export function compose(parts: Parts): Composition {
  const house = container.createChildContainer();
  house.register(CLOCK, { useValue: parts.clock });
  house.register(LOGGER, { useValue: parts.logger });
  house.register(DATABASE, { useValue: parts.database });
  registerCore(house, parts);
  registerClock(house, parts);
  registerSides(house, parts);

  const types = house.resolve(BACKEND_TYPES);
  const catalog = house.resolve(SEED_CATALOG);
  return {
    types,
    catalog,
    complete: () => {
      const [inbound, outbound] = [house.resolve(INBOUND), house.resolve(OUTBOUND)];
      const retryClock = house.resolve(AGENDA_CLOCK);
      const lease = house.resolve(HOST_LEASE);
      retryClock.repeat(retentionJob({ ...parts, config: parts.config.retention, lease, inbound, outbound }));
      if (outbound) retryClock.repeat(healthJob(outbound));
      return {
        types,
        catalog,
        store: house.resolve(BACKEND_STORE),
        registry: house.resolve(BACKEND_REGISTRY),
        provisioner: house.resolve(PROVISIONER),
        changeFeed: house.resolve(CHANGE_FEED),
        lease,
        retryClock,
        inbound,
        outbound,
      };
    },
  };
}

function registerCore(house: DependencyContainer, { secretKey, build }: Parts): void {
  once(house, SECRET_BOX, () => new SecretBox(secretKey.key, secretKey.source));
  once(house, BACKEND_TYPES, () => new BackendTypes());
  once(house, SEED_CATALOG, () => new SeedCatalog());
  once(
    house,
    BACKEND_STORE,
    (c) =>
      new BackendStore(
        c.resolve(DATABASE),
        c.resolve(BACKEND_TYPES),
        c.resolve(SECRET_BOX),
        c.resolve(CLOCK),
      ),
  );
  once(house, BACKEND_REGISTRY, (c) => {
    const [types, store, logger] = [c.resolve(BACKEND_TYPES), c.resolve(BACKEND_STORE), c.resolve(LOGGER)];
    return new BackendRegistry(types, store, backendBuilder(build), logger);
  });
  once(house, CHANGE_FEED, (c) => {
    const { database, clock, logger } = runtimeOf(c);
    const feed = new ChangeFeed(database, clock, logger);
    // The first to hear of changed backends: whatever else listens asks the registry.
    feed.onChange('backends', () => c.resolve(BACKEND_REGISTRY).refresh());
    return feed;
  });
  once(house, PROVISIONER, (c) => {
    const sides = [c.resolve(INBOUND), c.resolve(OUTBOUND)].filter((side) => side !== undefined);
    return new Provisioner({
      database: c.resolve(DATABASE),
      catalog: c.resolve(SEED_CATALOG),
      types: c.resolve(BACKEND_TYPES),
      registry: c.resolve(BACKEND_REGISTRY),
      sides,
    });
  });
}

function registerClock(house: DependencyContainer, { config }: Parts): void {
  const hostName = config.host.name;
  once(house, HOST_LEASE, (c) => new HostLease({ ...runtimeOf(c), name: hostName }));
  once(house, AGENDA_CLOCK, (c) => {
    const lease = c.resolve(HOST_LEASE);
    return new AgendaClock({ ...runtimeOf(c), config, lease, hostName });
  });
  house.register(RETRY_CLOCK, { useToken: AGENDA_CLOCK });
}

function registerSides(house: DependencyContainer, { config, sides, handlers, egressOf }: Parts): void {
  once(house, OUTBOUND, (c) => {
    if (!sides.outbound || !config.outbound) return undefined;
    const side = sides.outbound.createOutbound({
      ...sharedBySides(c),
      handlers: handlers.outbound,
      egressOf,
      config: config.outbound,
    });
    c.resolve(AGENDA_CLOCK).follow(side.name, side.queue);
    return side;
  });
  once(house, INBOUND, (c) => {
    if (!sides.inbound || !config.inbound) return undefined;
    const outbound = c.resolve(OUTBOUND)?.port;
    const side = sides.inbound.createInbound({
      ...sharedBySides(c),
      handlers: handlers.inbound,
      ...(outbound && { outbound }),
      ...(config.host.publicUrl !== undefined && { publicUrl: config.host.publicUrl }),
      config: config.inbound,
    });
    c.resolve(AGENDA_CLOCK).follow(side.name, side.queue);
    return side;
  });
}

function sharedBySides(c: DependencyContainer) {
  return {
    ...runtimeOf(c),
    lease: c.resolve(HOST_LEASE),
    retryClock: c.resolve(RETRY_CLOCK),
    registry: c.resolve(BACKEND_REGISTRY),
    changeFeed: c.resolve(CHANGE_FEED),
    box: c.resolve(SECRET_BOX),
  };
}

function runtimeOf(c: DependencyContainer) {
  return { database: c.resolve(DATABASE), clock: c.resolve(CLOCK), logger: c.resolve(LOGGER) };
}

function once<T>(
  house: DependencyContainer,
  token: InjectionToken<T>,
  make: (c: DependencyContainer) => T,
): void {
  house.register(token, { useFactory: instanceCachingFactory(make) });
}
