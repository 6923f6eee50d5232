import type { EndpointStore, FilteredWork } from 'glue-core';
import type { InboundEndpointConfig } from '../endpoint/endpoint-config.js';
import { chooseHandler } from '../process/choose-handler.js';
import { eventFilterSchema, narrowEvents, type EventFilter } from './event-filter.js';
import { replayEvents } from './replay-events.js';
import { eventTable } from './tables.js';

/** How operators move events. */
export function createEventWork(endpoints: EndpointStore<InboundEndpointConfig>): FilteredWork<EventFilter> {
  return {
    side: 'inbound',
    noun: 'event',
    notFound: 'GLUE_EVENT_NOT_FOUND',
    table: eventTable,
    filterSchema: eventFilterSchema,
    narrow: narrowEvents,
    arrivedAt: 'received_at',
    rules: async () => {
      // One whose configuration is not valid takes no part: its dead letters block nothing.
      const valid = await endpoints.openAll(() => {});
      const byId = new Map(valid.map((endpoint) => [endpoint.id, endpoint]));
      return {
        blocksKey: (lane) => byId.get(lane)?.config.deadLetterBlocks ?? false,
        replay: (trx, ids, place) =>
          replayEvents(trx, ids, place, ({ endpointId, handler }, semantics) => {
            const endpoint = byId.get(endpointId);
            return endpoint ? (chooseHandler(endpoint, semantics) ?? null) : handler;
          }),
      };
    },
  };
}
