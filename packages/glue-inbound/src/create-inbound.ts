import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  EndpointStore,
  WorkQueue,
  type BackendRegistry,
  type ChangeFeed,
  type Clock,
  type Database,
  type HostLease,
  type Logger,
  type OutboundPort,
  type RetryClock,
  type Side,
} from 'glue-core';
import { EndpointDirectory } from './endpoint/endpoint-directory.js';
import { inboundConfigSchema, type InboundConfig } from './endpoint/inbound-config.js';
import { createEventSource, type EventItem } from './process/event-source.js';
import type { InboundHandler } from './process/inbound-event.js';
import { InboundListener } from './receive/listener.js';
import { EventLog } from './store/event-log.js';
import { EventQueries } from './store/event-queries.js';
import { RejectionLog } from './store/rejection-log.js';

export interface InboundOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly lease: HostLease;
  readonly retryClock: RetryClock;
  readonly registry: BackendRegistry;
  readonly changeFeed: ChangeFeed;
  /** By `<connector>:<handlerId>`. */
  readonly handlers: ReadonlyMap<string, InboundHandler>;
  /** Absent when that side is not installed. */
  readonly outbound?: OutboundPort;
  /** Events that this host processes at once. @defaultValue 256 */
  readonly concurrency?: number;
}

/** The inbound side of a host. */
export interface Inbound extends Side {
  readonly name: 'inbound';
  readonly endpoints: EndpointStore<InboundConfig>;
  readonly queue: WorkQueue<EventItem>;
  readonly events: EventQueries;
  readonly rejections: RejectionLog;
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
  const { database, clock, logger, lease, changeFeed } = options;
  const endpoints = new EndpointStore<InboundConfig>({
    database,
    clock,
    side: 'inbound',
    configSchema: inboundConfigSchema,
  });
  const directory = new EndpointDirectory(endpoints, options, logger);
  const source = createEventSource(database, directory, options);
  const queue = new WorkQueue({ ...options, source });
  const now = () => lease.now();
  const events = new EventLog({
    database,
    clock,
    now,
    stored: (endpointId) => queue.poke(endpointId),
  });
  const rejections = new RejectionLog({ database, clock, logger });
  const listener = new InboundListener({ directory, events, rejections, clock, now, logger });

  const refresh = async (): Promise<void> => {
    for (const mended of await directory.refresh()) queue.poke(mended);
  };

  return {
    name: 'inbound',
    endpoints,
    queue,
    events: new EventQueries(database),
    rejections,
    listener: listener.listen,
    start: async () => {
      changeFeed.onChange('inbound', refresh);
      changeFeed.onChange('backends', refresh);
      await refresh();
      await queue.start();
    },
    refuse: () => listener.refuse(),
    stop: async (deadlineMs) => {
      listener.refuse();
      const written = listener.idle().then(() => Promise.all([events.idle(), rejections.idle()]));
      await Promise.all([queue.stop(deadlineMs), within(written, deadlineMs, clock)]);
    },
  };
}

async function within(work: Promise<unknown>, deadlineMs: number, clock: Clock): Promise<void> {
  let cancelTimer = () => {};
  const deadline = new Promise<void>((resolve) => {
    cancelTimer = clock.after(deadlineMs, resolve);
  });
  await Promise.race([work, deadline]);
  cancelTimer();
}
