import {
  BackendRegistry,
  BackendStore,
  BackendTypes,
  ChangeFeed,
  coreMigrations,
  HostLease,
  migrate,
  SecretBox,
  silentLogger,
  systemClock,
  type Database,
} from 'glue-core';
import { createOutbound, outboundConfigSchema, outboundSchema, type Outbound } from 'glue-outbound';

export interface OutboundSide {
  readonly outbound: Outbound;
  readonly lease: HostLease;
  /** Makes an active endpoint, which signs as Standard Webhooks says. @returns its id */
  addEndpoint(code: string, config: object): Promise<number>;
}

/** The outbound side as a host has it, on tables of its own, with its lease; not started. */
export async function outboundSide(database: Database): Promise<OutboundSide> {
  const [clock, logger] = [systemClock, silentLogger];
  await migrate(database, [...coreMigrations, ...outboundSchema.migrations]);
  const types = new BackendTypes();
  const box = new SecretBox(Buffer.alloc(32));
  const lease = new HostLease({ database, clock, logger, name: 'bench' });
  const registry = new BackendRegistry(
    types,
    new BackendStore(database, types, box, clock),
    () => notBuilt(),
    logger,
  );
  const outbound = createOutbound({
    ...{ database, clock, logger, lease, box, registry },
    changeFeed: new ChangeFeed(database, clock, logger),
    retryClock: { wakeAt: () => {} },
    handlers: new Map(),
    egressOf: () => undefined,
    config: outboundConfigSchema.parse({ allow: { hosts: ['127.0.0.1'] } }),
  });
  await lease.start();
  return {
    outbound,
    lease,
    addEndpoint: async (code, config) => {
      const { endpoints } = outbound;
      const signed = { signing: { mode: 'standard-webhooks' }, ...config };
      const { id } = await endpoints.create({ code, config: signed }, 'bench');
      await endpoints.secrets.add(code, {}, 'bench');
      await endpoints.setState(code, 'active', 'bench');
      return id;
    },
  };
}

function notBuilt(): never {
  throw new Error('there are no backends here');
}
