import type { Clock } from 'glue-core';
import type { OutboundRequest } from '../delivery.js';
import type { SendResult } from '../send/send-request.js';
import type { Unsendable } from '../sign/unsendable.js';
import type { TokenFailure } from './token-failure.js';

/** One attempt, as far as saying who calls is concerned. */
export interface AuthenticationMoment {
  /** The shared time, Unix milliseconds. */
  readonly nowMs: number;
  readonly clock: Clock;
  /** What is left of the time of the attempt, in milliseconds. */
  readonly leftMs: () => number;
  /** Aborted when the result is wanted no more. */
  readonly signal: AbortSignal;
  /**
   * Asks a token endpoint, past the guard, with a deadline of its own: several attempts may wait for the same answer, so
   * it does not end with one of them. Never throws.
   */
  readonly ask: (request: OutboundRequest) => Promise<SendResult>;
}

/** A request that says who calls. */
export interface Authenticated {
  readonly request: OutboundRequest;
  /** To be called when the receiver takes this for nobody (401); absent where asking again would say the same. */
  readonly refused?: () => void;
}

/** Why a request cannot say who calls. */
export type Unauthenticated = Unsendable | TokenFailure;

/** Says in the requests of one endpoint who calls. Made once per change of the endpoint: secrets are decoded then. */
export interface Authenticator {
  authenticate(
    request: OutboundRequest,
    moment: AuthenticationMoment,
  ): Authenticated | Unauthenticated | Promise<Authenticated | Unauthenticated>;
  /** What is sent in clear, in every form that it has, to be kept out of the log. */
  readonly secrets: () => readonly string[];
  /** Secrets that cannot be used, beside those that can. */
  readonly warnings: readonly string[];
  /** Where it asks for tokens. */
  readonly tokenUrl?: URL;
}
