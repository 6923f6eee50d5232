import type { EndpointStore, FilteredWork } from 'glue-core';
import type { OutboundEndpointConfig } from '../endpoint/endpoint-config.js';
import {
  deliveryFilterSchema,
  narrowDeliveries,
  type DeliveryFilter,
  type FilteredEndpoints,
} from './delivery-filter.js';
import { queueDrafts } from './queue-drafts.js';
import { replayDeliveries } from './replay-deliveries.js';
import { DELIVERY_WORK } from './tables.js';

/** How operators move deliveries. */
export function createDeliveryWork(
  endpoints: EndpointStore<OutboundEndpointConfig>,
  known: FilteredEndpoints,
): FilteredWork<DeliveryFilter> {
  return {
    side: 'outbound',
    noun: 'delivery',
    notFound: 'GLUE_DELIVERY_NOT_FOUND',
    table: DELIVERY_WORK,
    filterSchema: deliveryFilterSchema,
    narrow: (query, filter) => narrowDeliveries(query, filter, known),
    arrivedAt: 'created_at',
    rules: async () => {
      // One whose configuration is not valid takes no part: its dead letters block nothing.
      const valid = await endpoints.openAll(() => {});
      const blocking = new Set(
        valid.filter(({ config }) => config.deadLetterBlocks).map((endpoint) => endpoint.id),
      );
      return { blocksKey: (lane) => blocking.has(lane), replay: replayDeliveries, queueDrafts };
    },
  };
}
