import {
  GlueError,
  Held,
  LargeContent,
  unreadable,
  type ClaimedRow,
  type Database,
  type OutboundPort,
  type StoredContent,
  type WorkItem,
  type WorkSource,
} from 'glue-core';
import type { InboundEndpointConfig } from '../endpoint/endpoint-config.js';
import type { EndpointDirectory } from '../endpoint/endpoint-directory.js';
import { freeHeldEvents } from '../store/held-events.js';
import { loadEvents, type StoredEvent } from '../store/load-events.js';
import { eventTable } from '../store/tables.js';
import { eventTarget, type EventTarget, type EventTargets } from './event-target.js';
import { processEvent } from './process-event.js';

/** A claimed event with what the queue asks of it, and who takes it; or why it cannot be read. */
export interface EventItem extends WorkItem {
  readonly event: GlueError | { readonly stored: StoredEvent; readonly target: EventTarget };
  readonly endpointCode: string;
}

/** How the work queue gets at events and has them processed. */
export function createEventSource(
  database: Database,
  directory: Pick<EndpointDirectory, 'findById'>,
  { outbound, ...targets }: EventTargets & { readonly outbound?: OutboundPort },
): WorkSource<EventItem> {
  /** Undefined while the endpoint is broken, or not known yet: its events wait. */
  const configOf = (endpointId: number): InboundEndpointConfig | undefined => {
    const open = directory.findById(endpointId);
    return open && open.status !== 'broken' ? open.endpoint.config : undefined;
  };
  const eventOf = (stored: StoredContent<StoredEvent>): EventItem['event'] | Held => {
    if (stored instanceof GlueError) return stored;
    const target = eventTarget(stored, targets);
    return target instanceof Held ? target : { stored, target };
  };
  const itemOf = (
    { id, endpointId }: ClaimedRow,
    stored: StoredContent<StoredEvent> | LargeContent,
  ): EventItem | 'held' | Held | LargeContent => {
    const config = configOf(endpointId);
    if (!config) return 'held';
    if (stored instanceof LargeContent) return stored;
    const event = eventOf(stored);
    if (event instanceof Held) return event;
    const { retryPolicy, deadLetterBlocks: blocksKey, deadlineMs } = config;
    const endpointCode = directory.findById(endpointId)?.code ?? '';
    return { id, event, endpointCode, retryPolicy, deadlineMs, blocksKey };
  };
  return {
    name: 'inbound',
    table: eventTable,
    laneLimit: (endpointId) => configOf(endpointId)?.concurrency ?? 0,
    load: async (rows, maxBytes) => {
      const events = await loadEvents(
        database,
        rows.map(({ id }) => id),
        maxBytes,
      );
      return new Map(
        rows.flatMap((row) => {
          const stored = events.get(row.id);
          return stored ? [[row.id, itemOf(row, stored)]] : [];
        }),
      );
    },
    freeHeld: () =>
      freeHeldEvents(database, (addressee) => !(eventTarget(addressee, targets) instanceof Held)),
    attempt: async ({ event, endpointCode }, context) =>
      event instanceof GlueError
        ? unreadable(event)
        : processEvent(event.stored, context, { target: event.target, endpointCode, outbound }),
  };
}
