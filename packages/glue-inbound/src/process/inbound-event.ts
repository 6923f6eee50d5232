import type { BackendReference, Logger, Outcome, OutboundGateway, Transaction } from 'glue-core';
import type { Semantics } from '../endpoint/endpoint-config.js';

/** What processing an event decided. */
export type InboundOutcome = Outcome;

/** Header values as received, by lower-case name; secrets are left out. */
export type EventHeaders = Readonly<Record<string, readonly string[]>>;

/**
 * One stored inbound request that passed verification.
 * @since contract 1
 */
export interface InboundEvent {
  readonly id: string;
  /** The semantic `event_type`, or `''`. */
  readonly type: string;
  readonly semantics: Semantics;
  readonly headers: EventHeaders;
  /** The bytes as received. */
  readonly rawBody: Buffer;
  /** The parsed body; undefined when it is not JSON. Foreign data: parse it with a schema. */
  readonly body: unknown;
  /** Unix milliseconds. */
  readonly receivedAt: number;
  /** `replay`: an earlier event has the same replay identity. */
  readonly kind: 'primary' | 'replay';
  readonly endpoint: { readonly id: number; readonly code: string };
  readonly backend?: BackendReference;
}

/**
 * What belongs to one attempt at an event.
 * @since contract 1
 */
export interface InboundContext {
  /** 1 for the first. */
  readonly attempt: number;
  /** Aborted at the deadline, and when the host gives the event up. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
  /** Where deliveries are queued; they commit together with the outcome, or not at all. */
  readonly outbound: OutboundGateway;
  /** Adds a write to the transaction of the outcome. It may run more than once; only the last run commits. */
  transaction(write: (trx: Transaction) => Promise<void>): void;
}

/**
 * Processes the events of an endpoint that names it.
 * @since contract 1
 */
export interface InboundHandler {
  handleInboundEvent(event: InboundEvent, context: InboundContext): Promise<InboundOutcome>;
}

/** Whether what a connector's handler class builds is for this side. */
export function isInboundHandler(built: object): built is InboundHandler {
  return 'handleInboundEvent' in built && typeof built.handleInboundEvent === 'function';
}
