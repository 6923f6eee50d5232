export { createInbound, type Inbound, type InboundOptions } from './create-inbound.js';
export { endpointProblems } from './endpoint/endpoint-problems.js';
export {
  inboundEndpointConfigSchema,
  SEMANTIC_NAMES,
  type InboundEndpointConfig,
  type InboundEndpoint,
  type SemanticName,
  type Semantics,
} from './endpoint/endpoint-config.js';
export type { EndpointLinks } from './endpoint/link-problems.js';
export type { SemanticFunction } from './endpoint/semantic-functions.js';
export { InboundBackend, type InboundHooks, type InboundVerification } from './inbound-backend.js';
export { inboundConfigSchema, type InboundConfig } from './inbound-config.js';
export { mountInbound, type MountedInbound, type MountInboundOptions } from './mount-inbound.js';
export type { EventItem } from './process/event-source.js';
export type {
  EventHeaders,
  InboundContext,
  InboundEvent,
  InboundHandler,
  InboundOutcome,
} from './process/inbound-event.js';
export type { ProofMeans } from './receive/proof.js';
export type { RawRequest } from './receive/raw-request.js';
export type { ChallengeAnswer, ChallengeRequest } from './receive/challenge.js';
export { createVerifier, type Verifier } from './receive/verifier.js';
export { signSample } from './receive/sign-sample.js';
export { REJECTION_CAUSES, type RejectionCause } from './receive/refusal.js';
export type { EndpointCount, EndpointCounts } from './store/endpoint-counts.js';
export { eventFilterSchema, type EventFilter } from './store/event-filter.js';
export type {
  EventAttempt,
  EventDetails,
  EventPage,
  EventQueries,
  EventView,
} from './store/event-queries.js';
export type { StoredEvent } from './store/load-events.js';
export type { RejectionFilter, RejectionLog } from './store/rejection-log.js';
export type { Rejection } from './store/rejection-row.js';
export { inboundSchema } from './store/tables.js';
