import { defaultRetryPolicy, type Database, type WorkItem, type WorkSource } from 'glue-core';
import type { EndpointDirectory } from '../endpoint/endpoint-directory.js';
import type { InboundConfig } from '../endpoint/inbound-config.js';
import { loadEvents, type StoredEvent } from '../store/load-events.js';
import { eventTable } from '../store/tables.js';
import { processEvent, type ProcessTargets } from './process-event.js';

/** A claimed event with what the queue asks of it. */
export interface EventItem extends WorkItem {
  readonly stored: StoredEvent;
  readonly endpointCode: string;
}

/** For an event whose endpoint broke between claim and load. */
const fallback: Pick<InboundConfig, 'retryPolicy' | 'deadLetterBlocks' | 'deadlineMs'> = {
  retryPolicy: defaultRetryPolicy,
  deadLetterBlocks: false,
  deadlineMs: 30_000,
};

/** How the work queue gets at events and has them processed. */
export function createEventSource(
  database: Database,
  directory: EndpointDirectory,
  targets: ProcessTargets,
): WorkSource<EventItem> {
  /** Undefined while the endpoint is broken: its events wait. */
  const configOf = (endpointId: number): InboundConfig | undefined => {
    const open = directory.findById(endpointId);
    return open && open.status !== 'broken' ? open.endpoint.config : undefined;
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
        events.map((stored) => {
          const { retryPolicy, deadLetterBlocks, deadlineMs } = configOf(stored.endpointId) ?? fallback;
          const endpointCode = directory.findById(stored.endpointId)?.code ?? '';
          const item = {
            id: stored.id,
            stored,
            endpointCode,
            retryPolicy,
            deadlineMs,
            blocksKey: deadLetterBlocks,
          };
          return [stored.id, item];
        }),
      );
    },
    attempt: ({ stored, endpointCode }, context) => processEvent(stored, endpointCode, context, targets),
  };
}
