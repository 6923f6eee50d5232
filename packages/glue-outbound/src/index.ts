export { createOutbound, type Outbound, type OutboundOptions } from './create-outbound.js';
export {
  send,
  type Delivery,
  type DeliveryState,
  type DispatchContext,
  type DispatchOutcome,
  type HttpMethod,
  type OutboundHandler,
  type OutboundRequest,
  type OutboundResponse,
  type RequestOverrides,
} from './delivery.js';
export type { DeliveryCause } from './dispatch/classify.js';
export type { OutboundItem } from './dispatch/delivery-item.js';
export { outboundEndpointConfigSchema, type OutboundEndpointConfig } from './endpoint/endpoint-config.js';
export {
  OUTBOUND_ENDPOINTS,
  OutboundBackend,
  type OutboundEndpoints,
  type OutboundHooks,
} from './outbound-backend.js';
export { outboundConfigSchema, type OutboundConfig } from './outbound-config.js';
export {
  DeliveryQueries,
  type DeliveryAttempt,
  type DeliveryDetail,
  type DeliveryFilter,
  type DeliverySummary,
} from './store/delivery-queries.js';
export { outboundSchema } from './store/tables.js';
