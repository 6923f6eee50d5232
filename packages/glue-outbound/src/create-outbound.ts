import {
  EndpointStore,
  GlueError,
  messageOf,
  WorkQueue,
  type BackendReference,
  type BackendRegistry,
  type ChangeFeed,
  type Clock,
  type Database,
  type Effects,
  type HostLease,
  type Logger,
  type OutboundPort,
  type RetryClock,
  type Side,
} from 'glue-core';
import type { OutboundHandler } from './delivery.js';
import type { OutboundItem } from './dispatch/delivery-item.js';
import { DeliverySource } from './dispatch/delivery-source.js';
import { DispatchTargets } from './dispatch/dispatch-target.js';
import { outboundEndpointConfigSchema, type OutboundEndpointConfig } from './endpoint/endpoint-config.js';
import { EndpointDirectory, type OutboundEndpoint } from './endpoint/endpoint-directory.js';
import { requireEndpoint, resolveEndpoint } from './endpoint/resolve-endpoint.js';
import { OUTBOUND_ENDPOINTS, type OutboundEndpoints } from './outbound-backend.js';
import type { OutboundConfig } from './outbound-config.js';
import { DeliveryQueue } from './queue-delivery.js';
import { AddressGuard } from './send/address-guard.js';
import { GuardedAgents } from './send/guarded-agents.js';
import { RequestSender } from './send/send-request.js';
import { readUserAgent } from './send/user-agent.js';
import { DeliveryQueries } from './store/delivery-queries.js';

export interface OutboundOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly lease: HostLease;
  readonly retryClock: RetryClock;
  readonly registry: BackendRegistry;
  readonly changeFeed: ChangeFeed;
  /** By `<connector>:<handlerId>`. */
  readonly handlers: ReadonlyMap<string, OutboundHandler>;
  /** Hosts that the connector of a backend type declares; undefined: nothing limits it. */
  readonly egressOf: (backendType: string) => readonly string[] | undefined;
  readonly config: OutboundConfig;
  /** Deliveries that may run at once on this host. @defaultValue 256 */
  readonly concurrency?: number;
}

/** The outbound side, ready to be started. */
export interface Outbound extends Side {
  readonly name: 'outbound';
  readonly endpoints: EndpointStore<OutboundEndpointConfig>;
  /** For the inbound side. */
  readonly port: OutboundPort;
  readonly queue: WorkQueue<OutboundItem>;
  readonly deliveries: DeliveryQueries;
  /** Reads the endpoints and starts to claim. The lease must be held. */
  start(): Promise<void>;
  /** Stops claiming, waits for what runs up to the deadline, ends every connection. */
  stop(deadlineMs: number): Promise<void>;
}

/** Puts the side together. Nothing runs before `start`. */
export function createOutbound(options: OutboundOptions): Outbound {
  const { database, clock, logger, lease, retryClock, registry, changeFeed, handlers, egressOf } = options;
  const endpoints = new EndpointStore({
    database,
    clock,
    side: 'outbound',
    configSchema: outboundEndpointConfigSchema,
  });
  const directory = new EndpointDirectory(endpoints, logger);
  const targets = new DispatchTargets(directory, (reference) => registry.find(reference), handlers);
  const guard = new AddressGuard(options.config.allow);
  const sender = new RequestSender(guard, new GuardedAgents(guard), clock);

  const source = new DeliverySource(database, directory, {
    clock,
    targets,
    sender,
    userAgent: readUserAgent(),
    secretsOf: (backend) => registry.secretsOf(backend),
    egressOf,
    disableEndpoint,
    now: () => lease.now(),
  });
  const queue = new WorkQueue({
    database,
    clock,
    logger,
    lease,
    retryClock,
    source,
    ...(options.concurrency !== undefined && { concurrency: options.concurrency }),
  });
  const deliveryQueue = new DeliveryQueue({ database, now: () => lease.now(), wake });

  let started = false;
  registry.offer(OUTBOUND_ENDPOINTS, endpointsFor());
  changeFeed.onChange('outbound', async () => {
    await directory.refresh();
    await findReleased();
  });
  changeFeed.onChange('backends', findReleased);

  return {
    name: 'outbound',
    endpoints,
    queue,
    deliveries: new DeliveryQueries(database, (endpointId) => targets.find(endpointId).state === 'held'),
    port: {
      gatewayFor: (backend, effects) => ({
        outboundEndpoint: async (selector = {}) => endpointsFor(effects).get(backend, selector),
      }),
    },
    start: async () => {
      await directory.refresh();
      started = true;
      await queue.start();
    },
    stop: async (deadlineMs) => {
      started = false;
      await queue.stop(deadlineMs);
      await sender.close();
    },
  };

  function endpointsFor(effects?: Effects): OutboundEndpoints {
    const asker = ({ type, id }: BackendReference) => `${type},${id}`;
    return {
      find: (backend, selector) => {
        const endpoint = resolveEndpoint(directory.linkedTo(backend), selector, asker(backend));
        return endpoint && deliveryQueue.handleOf(endpoint, effects);
      },
      get: (backend, selector) =>
        deliveryQueue.handleOf(
          requireEndpoint(directory.linkedTo(backend), selector, asker(backend)),
          effects,
        ),
    };
  }

  function wake(lane: number, dueAt: number): void {
    if (dueAt <= lease.now()) queue.poke(lane);
    else retryClock.wakeAt(source.name, lane, dueAt);
  }

  /** Endpoints and backends that work again have held deliveries. */
  async function findReleased(): Promise<void> {
    if (started) await queue.sweep();
  }

  /** Another attempt may have disabled it already, or a person paused it: then that stands. */
  async function disableEndpoint({ code }: OutboundEndpoint, reason: string): Promise<void> {
    try {
      await endpoints.setState(code, 'disabled', 'glue', reason);
    } catch (error) {
      if (error instanceof GlueError && error.code === 'GLUE_ENDPOINT_STATE') return;
      logger.warn({ endpoint: code, reason: messageOf(error) }, 'an endpoint could not be disabled');
    }
    await directory.refresh();
  }
}
