import type { AbstractConstructor, ConnectorBackend } from 'glue-core';
import type { InboundContext, InboundEvent, InboundOutcome } from './process/inbound-event.js';

/**
 * What a backend class may add on the inbound side.
 * @since contract 1
 */
export interface InboundHooks {
  /** Processes an event of the backend's endpoint, unless the endpoint has a handler. */
  handleInboundEvent?(event: InboundEvent, context: InboundContext): Promise<InboundOutcome>;
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
