import {
  BackendRegistry,
  BackendStore,
  BackendTypes,
  ChangeFeed,
  HostLease,
  SecretBox,
  silentLogger,
  systemClock,
  type Database,
  type RetryClock,
} from 'glue-core';
import { createInbound, inboundConfigSchema, type Inbound, type InboundHandler } from 'glue-inbound';
import { HANDLER } from './stored-events.ts';

export interface InboundSide {
  readonly inbound: Inbound;
  readonly lease: HostLease;
}

/** The inbound side as a host has it, with one handler, and without HTTP. */
export function inboundSide(
  database: Database,
  handler: InboundHandler,
  retryClockOf: (lease: HostLease) => RetryClock,
): InboundSide {
  const [clock, logger] = [systemClock, silentLogger];
  const types = new BackendTypes();
  const box = new SecretBox(Buffer.alloc(32));
  const store = new BackendStore(database, types, box, clock);
  const lease = new HostLease({ database, clock, logger, name: 'bench' });
  const inbound = createInbound({
    ...{ database, clock, logger, lease, box, retryClock: retryClockOf(lease) },
    registry: new BackendRegistry(types, store, () => notBuilt(), logger),
    changeFeed: new ChangeFeed(database, clock, logger),
    handlers: new Map([[HANDLER, handler]]),
    config: inboundConfigSchema.parse({}),
  });
  return { inbound, lease };
}

function notBuilt(): never {
  throw new Error('there are no backends here');
}
