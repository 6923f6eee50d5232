import { layFoundation, mountSide, type Foundation, type FoundationOptions, type Mounted } from 'glue-core';
import { createInbound, type Inbound, type InboundOptions } from './create-inbound.js';
import { isInboundHandler, type InboundHandler } from './process/inbound-event.js';
import { inboundSchema } from './store/tables.js';

export interface MountInboundOptions
  extends
    FoundationOptions,
    Pick<InboundOptions, 'outbound' | 'publicUrl' | 'concurrency' | 'trustedProxies' | 'maxBufferedBytes'> {}

/** The inbound side in an app of your own. Stopping, it answers new requests 503. */
export interface MountedInbound extends Omit<Inbound, keyof Mounted>, Mounted {}

/**
 * The inbound side with everything it stands on, for an app without a Glue host: retries are timed by this process.
 * Handlers can queue deliveries where `outbound` is given: the `port` of a `mountOutbound` on the same database.
 * @throws GLUE_SECRET_KEY_MISSING, GLUE_CONNECTOR_DEFINITION, GLUE_SEED_…
 */
export async function mountInbound(options: MountInboundOptions): Promise<MountedInbound> {
  const foundation = await layFoundation(options, ['inbound']);
  const inbound = createInbound({ ...options, ...foundation, handlers: handlersOf(foundation) });
  return { ...inbound, ...mountSide(foundation, inbound, { schema: inboundSchema }) };
}

/** Those of the connectors' handlers that are for this side. */
function handlersOf({ handlers }: Foundation): ReadonlyMap<string, InboundHandler> {
  const own = new Map<string, InboundHandler>();
  for (const [id, handler] of handlers) if (isInboundHandler(handler)) own.set(id, handler);
  return own;
}
