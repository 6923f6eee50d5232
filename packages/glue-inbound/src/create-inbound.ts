import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  BulkMoves,
  BulkRunner,
  EndpointStore,
  isOverWithin,
  OperatorMoves,
  WorkQueue,
  type BackendRegistry,
  type ChangeFeed,
  type Clock,
  type Database,
  type DeleteOld,
  type HostLease,
  type Logger,
  type OutboundPort,
  type RetryClock,
  type SecretBox,
  type Side,
} from 'glue-core';
import { EndpointDirectory } from './endpoint/endpoint-directory.js';
import { endpointProblems } from './endpoint/endpoint-problems.js';
import { inboundEndpointConfigSchema, type InboundEndpointConfig } from './endpoint/endpoint-config.js';
import type { InboundConfig } from './inbound-config.js';
import { createEventSource, type EventItem } from './process/event-source.js';
import type { InboundHandler } from './process/inbound-event.js';
import { InboundListener } from './receive/listener.js';
import { EndpointCounts } from './store/endpoint-counts.js';
import { deleteOldFrom } from './store/delete-old.js';
import type { EventFilter } from './store/event-filter.js';
import { EventLog } from './store/event-log.js';
import { EventQueries } from './store/event-queries.js';
import { createEventWork } from './store/event-work.js';
import { RejectionLog } from './store/rejection-log.js';

export interface InboundOptions {
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
  readonly handlers: ReadonlyMap<string, InboundHandler>;
  /** Absent when that side is not installed. */
  readonly outbound?: OutboundPort;
  /** Scheme and host by which providers reach us; some of them sign it. */
  readonly publicUrl?: string;
  readonly config: InboundConfig;
}

/** The inbound side of a host. */
export interface Inbound extends Side {
  readonly name: 'inbound';
  readonly endpoints: EndpointStore<InboundEndpointConfig>;
  readonly queue: WorkQueue<EventItem>;
  readonly events: EventQueries;
  /** What operators do with events. */
  readonly moves: OperatorMoves;
  /** The same, with every event that fits a filter. */
  readonly bulkMoves: BulkMoves<EventFilter>;
  readonly rejections: RejectionLog;
  /** For the retention of each kind. */
  readonly deleteOld: { readonly events: DeleteOld; readonly rejections: DeleteOld };
  readonly counts: EndpointCounts;
  /**
   * Serves `POST /webhooks/in/<path>`; other URLs are left, unread, to `next`. For `http.createServer` and for
   * Express (`app.use(inbound.listener)`, before any body parser).
   */
  readonly listener: (
    request: IncomingMessage,
    response: ServerResponse,
    next?: (error?: unknown) => void,
  ) => void;
  /** Reads the endpoints, follows their changes, starts processing. The lease must be held. */
  start(): Promise<void>;
  /** First step of a stop: every new request is answered 503. */
  refuse(): void;
  /** Refuses, stops claiming, and waits up to the deadline, in milliseconds, for what runs. */
  stop(deadlineMs: number): Promise<void>;
}

/** Puts the inbound side together. Nothing runs before {@link Inbound.start}. */
export function createInbound(options: InboundOptions): Inbound {
  const { database, clock, logger, lease, registry, changeFeed, box, config } = options;
  const now = () => lease.now();
  const endpoints = new EndpointStore<InboundEndpointConfig>({
    ...{ database, now, registry, side: 'inbound', box },
    configSchema: inboundEndpointConfigSchema,
    findProblems: (endpoint, secrets) => endpointProblems(endpoint, { secrets }, options),
  });
  const directory = new EndpointDirectory(endpoints, options);
  const source = createEventSource(database, directory, options);
  const queue = new WorkQueue({
    ...options,
    source,
    concurrency: config.concurrency,
    maxContentBytes: config.maxWorkBytes,
  });
  const wake = (lane: number) => queue.wake(lane);
  const work = createEventWork(endpoints);
  const bulkRunner = new BulkRunner({ ...options, work, wake });
  const events = new EventLog({
    database,
    clock,
    now,
    stored: (endpointId) => queue.poke(endpointId),
  });
  const rejections = new RejectionLog({ database, clock, now, logger });
  const counts = new EndpointCounts({ database, clock, logger });
  const { trustedProxies, maxBufferedBytes } = config;
  const listener = new InboundListener({
    ...{ directory, events, rejections, counts, clock, now, logger },
    ...{ trustedProxies, maxBufferedBytes },
  });

  let started = false;
  changeFeed.onChange('inbound', refresh);
  changeFeed.onChange('backends', refresh);
  changeFeed.onChange('work', async () => {
    bulkRunner.look();
    await findReleased();
  });

  return {
    name: 'inbound',
    endpoints,
    queue,
    events: new EventQueries(database),
    moves: new OperatorMoves({ database, now, wake, work }),
    bulkMoves: new BulkMoves({ database, now, work, started: () => bulkRunner.look() }),
    rejections,
    deleteOld: deleteOldFrom(database),
    counts,
    listener: listener.listen,
    start: async () => {
      await directory.refresh();
      started = true;
      await queue.start();
      bulkRunner.start();
    },
    refuse: () => listener.refuse(),
    stop: async (deadlineMs) => {
      started = false;
      listener.refuse();
      const written = listener
        .idle()
        .then(() => Promise.all([events.idle(), rejections.idle(), counts.flush()]));
      const ended = Promise.all([written, bulkRunner.stop()]);
      await Promise.all([queue.stop(deadlineMs), isOverWithin(clock, deadlineMs, ended)]);
    },
  };

  async function refresh(): Promise<void> {
    await directory.refresh();
    await findReleased();
  }

  /** Endpoints, handlers and backends that work again have waiting events; those that an operator moved may be due. */
  async function findReleased(): Promise<void> {
    if (started) await queue.sweep();
  }
}
