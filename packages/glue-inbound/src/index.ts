export { createInbound, type Inbound, type InboundOptions } from './create-inbound.js';
export {
  inboundConfigSchema,
  SEMANTIC_NAMES,
  type InboundConfig,
  type InboundEndpoint,
  type SemanticName,
  type Semantics,
} from './endpoint/inbound-config.js';
export { InboundBackend, type InboundHooks } from './inbound-backend.js';
export type { EventItem } from './process/event-source.js';
export type {
  EventHeaders,
  InboundContext,
  InboundEvent,
  InboundHandler,
  InboundOutcome,
} from './process/inbound-event.js';
export { signSample } from './receive/sign-sample.js';
export { REJECTION_CAUSES, type RejectionCause } from './receive/refusal.js';
export type { EventAttempt, EventFilter, EventQueries, EventView } from './store/event-queries.js';
export type { StoredEvent } from './store/load-events.js';
export type { Rejection, RejectionLog } from './store/rejection-log.js';
export { inboundSchema } from './store/tables.js';
