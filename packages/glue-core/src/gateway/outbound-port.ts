import type { BackendReference } from '../naming/backend-reference.js';
import type { Effects } from '../work/effects.js';
import type { OutboundGateway } from './outbound-gateway.js';

/** What the outbound side offers to the inbound one, when it is installed. */
export interface OutboundPort {
  /** A gateway for one backend whose deliveries commit with the given effects. */
  gatewayFor(backend: BackendReference, effects: Effects): OutboundGateway;
}
