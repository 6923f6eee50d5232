import type { OutboundRequest } from '../delivery.js';
import type { Unsendable } from '../sign/unsendable.js';

/** Says in the requests of one endpoint who calls. Made once per change of the endpoint: secrets are decoded then. */
export interface Authenticator {
  /** @param nowMs - the shared time, Unix milliseconds */
  authenticate(request: OutboundRequest, nowMs: number): OutboundRequest | Unsendable;
  /** What is sent in clear, in every form that it has, to be kept out of the log. */
  readonly secrets: readonly string[];
  /** Secrets that cannot be used, beside those that can. */
  readonly warnings: readonly string[];
}
