import {
  GlueError,
  unreadable,
  type ClaimedRow,
  type Database,
  type StoredContent,
  type WorkItem,
  type WorkSource,
} from 'glue-core';
import type { EndpointDirectory } from '../endpoint/endpoint-directory.js';
import type { InboundEndpointConfig } from '../endpoint/endpoint-config.js';
import { loadEvents, type StoredEvent } from '../store/load-events.js';
import { eventTable } from '../store/tables.js';
import { processEvent, type ProcessTargets } from './process-event.js';

/** A claimed event with what the queue asks of it. */
export interface EventItem extends WorkItem {
  readonly stored: StoredContent<StoredEvent>;
  readonly endpointCode: string;
}

/** How the work queue gets at events and has them processed. */
export function createEventSource(
  database: Database,
  directory: Pick<EndpointDirectory, 'findById'>,
  targets: ProcessTargets,
): WorkSource<EventItem> {
  /** Undefined while the endpoint is broken, or not known yet: its events wait. */
  const configOf = (endpointId: number): InboundEndpointConfig | undefined => {
    const open = directory.findById(endpointId);
    return open && open.status !== 'broken' ? open.endpoint.config : undefined;
  };
  const itemOf = ({ id, endpointId }: ClaimedRow, stored: EventItem['stored']): EventItem | 'held' => {
    const config = configOf(endpointId);
    if (!config) return 'held';
    const { retryPolicy, deadLetterBlocks: blocksKey, deadlineMs } = config;
    const endpointCode = directory.findById(endpointId)?.code ?? '';
    return { id, stored, endpointCode, retryPolicy, deadlineMs, blocksKey };
  };
  return {
    name: 'inbound',
    table: eventTable,
    laneLimit: (endpointId) => configOf(endpointId)?.concurrency ?? 0,
    load: async (rows) => {
      const events = await loadEvents(
        database,
        rows.map(({ id }) => id),
      );
      return new Map(
        rows.flatMap((row) => {
          const stored = events.get(row.id);
          return stored ? [[row.id, itemOf(row, stored)]] : [];
        }),
      );
    },
    attempt: async ({ stored, endpointCode }, context) =>
      stored instanceof GlueError ? unreadable(stored) : processEvent(stored, endpointCode, context, targets),
  };
}
