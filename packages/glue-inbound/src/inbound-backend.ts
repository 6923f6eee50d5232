import type { AbstractConstructor, ConnectorBackend } from 'glue-core';
import type { SemanticFunction } from './endpoint/semantic-functions.js';
import type { InboundContext, InboundEvent, InboundOutcome } from './process/inbound-event.js';
import type { ChallengeAnswer, ChallengeRequest } from './receive/challenge.js';
import type { RawRequest } from './receive/raw-request.js';

/**
 * What belongs to one verification.
 * @since contract 1
 */
export interface InboundVerification {
  /** The time that all hosts share, Unix milliseconds. */
  readonly nowMs: number;
  /** Aborted at the deadline. */
  readonly signal: AbortSignal;
}

/**
 * What a backend class may add on the inbound side.
 * @since contract 1
 */
export interface InboundHooks {
  /** Processes an event of the backend's endpoint, unless the endpoint has a handler. */
  handleInboundEvent?(event: InboundEvent, context: InboundContext): Promise<InboundOutcome>;

  /**
   * Whether the provider itself sent a request: asked where the endpoint's verification has the mode `connector`.
   * Nobody has looked at the request yet; leave it as it is.
   * @returns false refuses the caller (401); what is thrown, late, or neither true nor false has the provider come
   *   again (503)
   */
  verifyInboundRequest?(request: RawRequest, context: InboundVerification): Promise<boolean>;

  /** Headers by which `verifyInboundRequest` takes a request for its provider's; for samples and simulators. */
  signInboundSample?(
    request: Pick<RawRequest, 'url' | 'body'>,
    context: Pick<InboundVerification, 'nowMs'>,
  ): Promise<Readonly<Record<string, string>>>;

  /**
   * Values that no other source can read, by name: `{ "connector": "<name>" }` asks for one. One that throws has the
   * request refused with 503, so that its provider comes again.
   */
  readonly semanticFunctions?: Readonly<Record<string, SemanticFunction>>;

  /**
   * Answers a provider's question whether the endpoint is meant to be called, where the endpoint's configuration says
   * that the connector does. Nothing is stored of it, and nothing but what this returns is answered. A POST was
   * verified before; a GET proves nothing by itself.
   * @returns undefined when the request is no such question
   */
  answerInboundChallenge?(
    request: ChallengeRequest,
    signal: AbortSignal,
  ): Promise<ChallengeAnswer | undefined>;
}

/**
 * Opts a backend class in to the inbound side.
 * @since contract 1
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a backend of any settings
export function InboundBackend<B extends AbstractConstructor<ConnectorBackend<any>>>(
  Base: B,
): B & AbstractConstructor<InboundHooks> {
  abstract class WithInbound extends Base {}
  return WithInbound;
}

/** Whether a backend processes events itself. */
export function hasInboundHook(
  backend: ConnectorBackend & InboundHooks,
): backend is ConnectorBackend & Required<Pick<InboundHooks, 'handleInboundEvent'>> {
  return typeof backend.handleInboundEvent === 'function';
}
