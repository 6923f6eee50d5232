export type { Authenticator } from './authenticate/authenticator.js';
export { createAuthenticator } from './authenticate/create-authenticator.js';
export { createOutbound, type Outbound, type OutboundOptions } from './create-outbound.js';
export {
  send,
  type BodyPart,
  type Delivery,
  type DeliveryState,
  type DispatchContext,
  type DispatchOutcome,
  type OutboundHandler,
  type OutboundRequest,
  type OutboundResponse,
  type RequestOverrides,
} from './delivery.js';
export type { DeliveryCause } from './dispatch/classify.js';
export type { OutboundItem, UnreadableItem } from './dispatch/delivery-item.js';
export type { HttpMethod } from './endpoint/http-method.js';
export { outboundEndpointConfigSchema, type OutboundEndpointConfig } from './endpoint/endpoint-config.js';
export type { Breaker } from './health/breaker.js';
export type { Condition } from './health/condition.js';
export type { EndpointHealth } from './health/endpoint-health.js';
export type { EndpointHealthReport, HealthReports } from './health/health-report.js';
export type { HealthRecord } from './health/record.js';
export type { Pace } from './health/pace.js';
export { mountOutbound, type MountedOutbound, type MountOutboundOptions } from './mount-outbound.js';
export { OutboundBackend, type OutboundHooks } from './outbound-backend.js';
export { createSigner, type Signer } from './sign/signer.js';
export type { Egress } from './send/egress.js';
export { Unsendable } from './sign/unsendable.js';
export { outboundConfigSchema, type OutboundConfig } from './outbound-config.js';
export { deliveryFilterSchema, type DeliveryFilter } from './store/delivery-filter.js';
export {
  DeliveryQueries,
  type DeliveryAttempt,
  type DeliveryDetail,
  type DeliveryPage,
  type DeliverySummary,
} from './store/delivery-queries.js';
export type { HealthLog, StoredHealth } from './store/health-log.js';
export { outboundSchema } from './store/tables.js';
