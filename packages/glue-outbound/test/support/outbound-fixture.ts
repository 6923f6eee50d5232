import {
  BackendRegistry,
  BackendStore,
  BackendTypes,
  ChangeFeed,
  ConnectorBackend,
  coreMigrations,
  HostLease,
  ManualClock,
  migrate,
  SecretBox,
  secret,
  silentLogger,
  type BackendClass,
  type BackendReference,
  type Database,
  type Logger,
} from 'glue-core';
import { z } from 'zod';
import {
  createOutbound,
  OutboundBackend,
  outboundConfigSchema,
  outboundSchema,
  type Outbound,
  type OutboundHandler,
} from '../../src/index.js';
import type { TestDatabase } from './test-database.js';

const settings = z.object({ apiKey: secret(), region: z.string().default('eu') });

/** A backend class with an empty set of hooks, to be extended by tests. */
export class FakeBackend extends OutboundBackend(ConnectorBackend<z.infer<typeof settings>>) {
  static readonly type: string = 'fake';
  static readonly settings = settings;
}

export const API_KEY = 'sk_live_4eC39HqLyjWDarjtT1zdp7dc';

export interface FixtureOptions {
  readonly backendClass?: BackendClass;
  readonly handlers?: ReadonlyMap<string, OutboundHandler>;
  readonly egress?: readonly string[];
  readonly allowHosts?: readonly string[];
  readonly logger?: Logger;
  /** Of another host on the same database. @defaultValue a new one */
  readonly backend?: BackendReference;
  /** @defaultValue `one` */
  readonly hostName?: string;
}

/** The outbound side with everything around it, on a clock that is turned by hand. */
export interface Fixture {
  readonly database: Database;
  readonly clock: ManualClock;
  readonly outbound: Outbound;
  readonly registry: BackendRegistry;
  readonly backends: BackendStore;
  readonly changeFeed: ChangeFeed;
  readonly backend: BackendReference;
  /** The attached instance of the backend. */
  readonly instance: () => FakeBackend;
  readonly wakes: { lane: number; at: number }[];
  /** Makes an endpoint; linked to the backend unless said otherwise. @returns its id */
  addEndpoint(suffix: string, config?: object, fields?: object): Promise<number>;
  /** Turns the clock, pokes the lane and waits until nothing runs. */
  wakeAfter(ms: number, lane: number): Promise<void>;
  close(): Promise<void>;
}

export async function openFixture(
  { database, close }: TestDatabase,
  options: FixtureOptions = {},
): Promise<Fixture> {
  const {
    backendClass = FakeBackend,
    handlers = new Map(),
    allowHosts = [],
    logger = silentLogger,
    hostName = 'one',
  } = options;
  await migrate(database, [...coreMigrations, ...outboundSchema.migrations]);
  const clock = new ManualClock();
  const types = new BackendTypes();
  const box = new SecretBox(Buffer.alloc(32, 7));
  types.register(backendClass, 'fake-connector');
  const backends = new BackendStore(database, types, box, clock);
  const { type, id } =
    options.backend ??
    (await backends.create(
      { type: backendClass.type, name: 'Fake shop', settings: { apiKey: API_KEY } },
      'test',
    ));
  const registry = new BackendRegistry(types, backends, (each) => new each(), logger);
  const lease = new HostLease({
    database,
    clock,
    logger,
    name: hostName,
    leaseMs: 300_000_000_000,
    renewMs: 100_000_000_000,
    readTime: () => Promise.resolve(clock.now()),
  });
  const changeFeed = new ChangeFeed(database, clock, logger);
  const wakes: Fixture['wakes'] = [];
  const outbound = createOutbound({
    database,
    clock,
    logger,
    lease,
    retryClock: { wakeAt: (_queue, lane, at) => void wakes.push({ lane, at }) },
    registry,
    changeFeed,
    box,
    handlers,
    egressOf: () => options.egress && { connector: 'fake', hosts: options.egress },
    config: outboundConfigSchema.parse({ allow: { hosts: allowHosts } }),
  });
  await lease.start();
  await registry.refresh();
  await outbound.start();

  return {
    database,
    clock,
    outbound,
    registry,
    backends,
    changeFeed,
    backend: { type, id },
    instance: () => {
      const lookup = registry.find({ type, id });
      if (lookup.state !== 'ready') throw new Error(lookup.reason);
      return lookup.instance as FakeBackend;
    },
    wakes,
    addEndpoint: async (suffix, config = {}, fields = {}) => {
      const code = `fake-${id}-${suffix}`;
      await database('glue_outbound_endpoints').insert({
        name: `Fake shop ${suffix}`,
        code,
        suffix,
        state: 'active',
        company: 'default',
        backend_type: type,
        backend_id: id,
        config: JSON.stringify({ retryPolicy: { jitter: 0 }, ...config }),
        version: 1,
        created_at: clock.now(),
        updated_at: clock.now(),
        ...fields,
      });
      await database('glue_changes').where({ topic: 'outbound' }).increment('value', 1);
      await changeFeed.look();
      const row = await database<{ id: number; code: string }>('glue_outbound_endpoints')
        .where({ code })
        .first();
      if (!row) throw new Error('the endpoint was not stored');
      return row.id;
    },
    wakeAfter: async (ms, lane) => {
      clock.advance(ms);
      outbound.queue.poke(lane);
      await outbound.queue.idle();
    },
    close: async () => {
      await outbound.stop(0);
      await lease.stop();
      await close();
    },
  };
}
