import {
  GlueError,
  type AttemptContext,
  type BackendReference,
  type OutboundGateway,
  type OutboundPort,
} from 'glue-core';
import type { InboundContext } from './inbound-event.js';

/** What a handler gets for one attempt. */
export function inboundContext(
  { attempt, signal, logger, effects }: AttemptContext,
  backend: BackendReference | undefined,
  outbound: OutboundPort | undefined,
): InboundContext {
  return {
    attempt,
    signal,
    logger,
    transaction: (write) => effects.run(write),
    outbound:
      backend && outbound ? outbound.gatewayFor(backend, effects) : absentGateway(backend !== undefined),
  };
}

/** Says so when it is used, not before: a handler that queues nothing needs neither side nor backend. */
function absentGateway(isLinked: boolean): OutboundGateway {
  return {
    outboundEndpoint: () =>
      Promise.reject(
        isLinked
          ? new GlueError(
              'GLUE_SIDE_ABSENT',
              'a handler asks for an outbound endpoint, but the outbound side is not installed',
            )
          : new GlueError(
              'GLUE_ENDPOINT_NOT_FOUND',
              'a handler asks for an outbound endpoint, but the event belongs to no backend; link its inbound endpoint to one',
            ),
      ),
  };
}
