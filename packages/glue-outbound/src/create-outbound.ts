import {
  BulkMoves,
  BulkRunner,
  EndpointStore,
  formatBackendReference,
  GlueError,
  messageOf,
  OperatorMoves,
  WorkQueue,
  type BackendReference,
  type BackendRegistry,
  type ChangeFeed,
  type Clock,
  type Database,
  type DeleteOld,
  type Effects,
  type HostLease,
  type Logger,
  type OutboundEndpointHandle,
  type OutboundPort,
  type OutboundSelector,
  type RetryClock,
  type SecretBox,
  type Side,
} from 'glue-core';
import type { OutboundHandler } from './delivery.js';
import type { OutboundItem, UnreadableItem } from './dispatch/delivery-item.js';
import { DeliverySource } from './dispatch/delivery-source.js';
import { DispatchTargets } from './dispatch/dispatch-target.js';
import { outboundEndpointConfigSchema, type OutboundEndpointConfig } from './endpoint/endpoint-config.js';
import { EndpointDirectory, type OutboundEndpoint } from './endpoint/endpoint-directory.js';
import { endpointProblems } from './endpoint/endpoint-problems.js';
import { requireEndpoint, resolveEndpoint } from './endpoint/resolve-endpoint.js';
import { AutoDisable } from './health/auto-disable.js';
import { EndpointHealth } from './health/endpoint-health.js';
import { HealthReports } from './health/health-report.js';
import { Releases } from './health/releases.js';
import { OUTBOUND_ENDPOINTS, type OutboundEndpoints } from './outbound-backend.js';
import type { OutboundConfig } from './outbound-config.js';
import { DeliveryQueue } from './queue-delivery.js';
import { AddressGuard } from './send/address-guard.js';
import type { Egress } from './send/egress.js';
import { GuardedAgents } from './send/guarded-agents.js';
import { RequestSender } from './send/send-request.js';
import { readUserAgent } from './send/user-agent.js';
import { deleteOldFrom } from './store/delete-old.js';
import type { DeliveryFilter } from './store/delivery-filter.js';
import { DeliveryQueries } from './store/delivery-queries.js';
import { createDeliveryWork } from './store/delivery-work.js';
import { HealthLog } from './store/health-log.js';
import { WorkAnnouncer } from './wake/work-announcer.js';

export interface OutboundOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly lease: HostLease;
  readonly retryClock: RetryClock;
  readonly registry: BackendRegistry;
  readonly changeFeed: ChangeFeed;
  /** Opens the endpoints' own secrets. */
  readonly box: SecretBox;
  /** By `<connector>:<handlerId>`. */
  readonly handlers: ReadonlyMap<string, OutboundHandler>;
  /** Of the connector of a backend type; undefined: nothing limits it. */
  readonly egressOf: (backendType: string) => Egress | undefined;
  readonly config: OutboundConfig;
}

/** The outbound side, ready to be started. */
export interface Outbound extends Side {
  readonly name: 'outbound';
  readonly endpoints: EndpointStore<OutboundEndpointConfig>;
  /** For the inbound side. */
  readonly port: OutboundPort;
  /**
   * Finds an endpoint for code that is no backend's: one that stands alone, or one of the backend that is named.
   * @throws GLUE_ENDPOINT_NOT_FOUND naming what was asked, GLUE_ENDPOINT_AMBIGUOUS when several match
   */
  outboundEndpoint(
    selector?: OutboundSelector & { readonly backend?: BackendReference },
  ): Promise<OutboundEndpointHandle>;
  readonly queue: WorkQueue<OutboundItem | UnreadableItem>;
  readonly deliveries: DeliveryQueries;
  /** What operators do with deliveries. */
  readonly moves: OperatorMoves;
  /** The same, with every delivery that fits a filter. */
  readonly bulkMoves: BulkMoves<DeliveryFilter>;
  /** For the retention of each kind. */
  readonly deleteOld: { readonly deliveries: DeleteOld };
  /** How the receivers do, as this host has seen. */
  readonly health: EndpointHealth;
  /** How they do, as all hosts have seen; some seconds late. */
  readonly healthLog: HealthLog;
  /** The same for people, with what waits. */
  readonly healthReports: HealthReports;
  /** Disables endpoints of which only failures are heard, with warnings before. To be called now and then. */
  checkHealth(signal: AbortSignal): Promise<void>;
  /**
   * Reads the endpoints and starts to claim. The lease must be held. A process that does not start it queues all the
   * same: it tells the hosts that do.
   */
  start(): Promise<void>;
  /** Stops claiming, waits for what runs up to the deadline, ends every connection. */
  stop(deadlineMs: number): Promise<void>;
}

/** Puts the side together. Nothing runs before `start`. */
export function createOutbound(options: OutboundOptions): Outbound {
  const { database, clock, logger, lease, retryClock, registry, changeFeed, handlers, egressOf } = options;
  const guard = new AddressGuard(options.config.allow);
  const endpoints = new EndpointStore<OutboundEndpointConfig>({
    ...{ database, registry, side: 'outbound', box: options.box, now: () => lease.now() },
    configSchema: outboundEndpointConfigSchema,
    findProblems: (endpoint, secrets) =>
      endpointProblems(endpoint, { secrets }, { registry, handlers, egressOf, guard }),
  });
  const directory = new EndpointDirectory(endpoints, logger, registry);
  const targets = new DispatchTargets(directory, (reference) => registry.find(reference), handlers);
  const sender = new RequestSender(guard, new GuardedAgents(guard), clock);

  const now = () => lease.now();
  const free = (lane: number) => queue.poke(lane);
  const heldReason = (endpointId: number) => {
    const target = targets.find(endpointId);
    return target.state === 'held' ? target.reason : undefined;
  };
  const isHeld = (endpointId: number) => heldReason(endpointId) !== undefined;
  const healthLog = new HealthLog({ database, clock, logger, now });
  const releases = new Releases({
    ...{ database, clock, logger, now, isHeld },
    limited: (endpoint) => health.reconsider(endpoint),
    endpointIds: () => [...directory.ids(), ...directory.unusableIds()],
    find: (id) => directory.get(id),
    forgive: (id) => healthLog.forgive(id),
  });
  const health = new EndpointHealth({
    ...{ clock, logger, free },
    heard: (id, signal) => healthLog.hear(id, signal),
    releaseRate: (endpoint) => releases.rateOf(endpoint),
  });

  const source = new DeliverySource(database, targets, {
    clock,
    sender,
    guard,
    health,
    releases,
    userAgent: readUserAgent(),
    secretsOf: (backend) => registry.secretsOf(backend),
    egressOf,
    disableEndpoint,
    now,
  });
  const autoDisable = new AutoDisable({
    ...{ database, logger, log: healthLog, disable: disableEndpoint },
    endpoints: () => directory.all(),
  });
  const queue = new WorkQueue({
    database,
    clock,
    logger,
    lease,
    retryClock,
    source,
    concurrency: options.config.concurrency,
    maxContentBytes: options.config.maxWorkBytes,
  });
  const deliveryQueue = new DeliveryQueue({ database, now, find: (id) => directory.get(id), wake });
  const filtered = { ids: () => directory.ids(), heldReason };
  const work = createDeliveryWork(endpoints, filtered);
  const wakeLane = (lane: number) => queue.wake(lane);
  const bulkRunner = new BulkRunner({ ...options, work, wake: wakeLane });

  const announcer = new WorkAnnouncer({ database, clock, logger });
  let started = false;
  registry.offer(OUTBOUND_ENDPOINTS, endpointsOf);
  changeFeed.onChange('outbound', refresh);
  changeFeed.onChange('backends', refresh);
  changeFeed.onChange('work', async () => {
    bulkRunner.look();
    await findReleased();
  });

  return {
    name: 'outbound',
    endpoints,
    queue,
    health,
    healthLog,
    healthReports: new HealthReports({ database, log: healthLog, isHeld }),
    checkHealth: (signal) => autoDisable.check(signal),
    deliveries: new DeliveryQueries(database, filtered),
    moves: new OperatorMoves({ database, now, wake: wakeLane, work }),
    bulkMoves: new BulkMoves({ database, now, work, started: () => bulkRunner.look() }),
    deleteOld: deleteOldFrom(database),
    outboundEndpoint: async ({ backend, ...selector } = {}) => requireHandle(backend, selector),
    port: {
      gatewayFor: (backend, effects) => ({
        outboundEndpoint: async (selector = {}) => requireHandle(backend, selector, effects),
      }),
    },
    start: async () => {
      started = true;
      await directory.refresh();
      await releases.look();
      await queue.start();
      bulkRunner.start();
    },
    stop: async (deadlineMs) => {
      started = false;
      await Promise.all([queue.stop(deadlineMs), bulkRunner.stop(), releases.stop()]);
      health.stop();
      await sender.close();
      await healthLog.flush();
      await announcer.finish();
    },
  };

  function endpointsOf(backend: BackendReference): OutboundEndpoints {
    return {
      find: (selector) => {
        const endpoint = resolveEndpoint(directory.linkedTo(backend), selector, askerOf(backend));
        return endpoint && deliveryQueue.handleOf(endpoint, { backend });
      },
      get: (selector) => requireHandle(backend, selector),
    };
  }

  function requireHandle(
    backend: BackendReference | undefined,
    selector: OutboundSelector,
    effects?: Effects,
  ): OutboundEndpointHandle {
    const endpoint = requireEndpoint(directory.linkedTo(backend), selector, askerOf(backend));
    return deliveryQueue.handleOf(endpoint, { backend, effects });
  }

  function wake(lane: number, dueAt: number): void {
    if (!started) announcer.announce();
    else if (dueAt <= lease.now()) queue.poke(lane);
    else retryClock.wakeAt(source.name, lane, dueAt);
  }

  /** Secrets of endpoints lie in the settings of backends too. */
  async function refresh(): Promise<void> {
    await directory.refresh();
    sender.keepOnly(directory.transportIds());
    // Without a host nobody sends, and what is held here may work on the hosts.
    if (started) await releases.look();
    for (const endpoint of directory.all()) health.reconsider(endpoint);
    await findReleased();
  }

  /** Endpoints and backends that work again have held deliveries; those that an operator moved may be due. */
  async function findReleased(): Promise<void> {
    if (started) await queue.sweep();
  }

  /**
   * Also one that a person has paused meanwhile: its receiver is gone all the same. Another attempt may have disabled it
   * already, or a person archived it or made it a draft: then that stands. Never throws: the attempt
   * whose answer asked for it is over, and must not be made again.
   */
  async function disableEndpoint({ code }: OutboundEndpoint, reason: string): Promise<void> {
    try {
      await endpoints.setState(code, 'disabled', 'glue', { reason });
      logger.warn({ endpoint: code, reason }, 'an endpoint was disabled');
      await directory.refresh();
    } catch (error) {
      if (error instanceof GlueError && error.code === 'GLUE_ENDPOINT_STATE') return;
      logger.warn({ endpoint: code, reason: messageOf(error) }, 'an endpoint could not be disabled');
    }
  }
}

/** Who asks for an endpoint, in words. */
function askerOf(backend: BackendReference | undefined): string {
  return backend ? `backend ${formatBackendReference(backend)}` : 'the app';
}
