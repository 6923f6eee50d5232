import type { ConnectorBackend, OwnSecrets } from 'glue-core';
import type { InboundHooks } from '../inbound-backend.js';
import type { RawRequest } from './raw-request.js';
import type { Refusal } from './refusal.js';

/** What the requests of an endpoint can be proven with. */
export interface ProofMeans {
  /** The linked backend. */
  readonly backend?: Pick<ConnectorBackend, 'settings'> & InboundHooks;
  /** What the endpoint has of its own. */
  readonly own?: OwnSecrets;
  /** Scheme and host by which providers reach us. */
  readonly publicUrl?: string | undefined;
}

/** A way to prove requests. */
export interface Proof {
  prove(request: RawRequest, nowMs: number): Refusal | undefined | Promise<Refusal | undefined>;
  /** Secrets that cannot be used, beside those that can. */
  readonly warnings: readonly string[];
}

/** Why nobody's request can be proven. */
export interface Unverifiable {
  readonly reason: string;
}
