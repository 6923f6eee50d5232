import type { InboundEndpoint, Semantics } from '../endpoint/endpoint-config.js';

/**
 * The handler that an event goes to: the one that its selector chooses, else the endpoint's. Without one it goes to
 * the backend's hook. Decided when the event is stored, and kept with it. Pure.
 */
export function chooseHandler(
  { handler, config: { handlers } }: Pick<InboundEndpoint, 'handler' | 'config'>,
  { handler_selector: selector }: Semantics,
): string | undefined {
  const isChoice = selector !== undefined && Object.hasOwn(handlers, selector);
  return isChoice ? handlers[selector] : handler;
}
