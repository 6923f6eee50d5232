import {
  GlueError,
  layFoundation,
  mountSide,
  problemsOf,
  type Foundation,
  type FoundationOptions,
  type Mounted,
} from 'glue-core';
import { z } from 'zod';
import { createInbound, type Inbound, type InboundOptions } from './create-inbound.js';
import { inboundConfigSchema, type InboundConfig } from './inbound-config.js';
import { isInboundHandler, type InboundHandler } from './process/inbound-event.js';
import { inboundSchema } from './store/tables.js';

export interface MountInboundOptions
  extends
    FoundationOptions,
    Pick<InboundOptions, 'outbound' | 'publicUrl'>,
    z.input<typeof inboundConfigSchema> {}

/** The inbound side in an app of your own. Stopping, it answers new requests 503. */
export interface MountedInbound extends Omit<Inbound, keyof Mounted>, Mounted {}

/**
 * The inbound side with everything it stands on, for an app without a Glue host: retries are timed by this process.
 * Handlers can queue deliveries where `outbound` is given: the `port` of a `mountOutbound` on the same database.
 * @throws GLUE_SECRET_KEY_MISSING, GLUE_CONNECTOR_DEFINITION, GLUE_SEED_…; GLUE_CONFIG_INVALID for the options that a
 *   host has in its section `inbound`, and for `publicUrl`
 */
export async function mountInbound(options: MountInboundOptions): Promise<MountedInbound> {
  const foundation = await layFoundation(options, ['inbound']);
  const { outbound, publicUrl } = options;
  const inbound = createInbound({
    ...foundation,
    handlers: handlersOf(foundation),
    config: configOf(options),
    ...(outbound && { outbound }),
    ...(publicUrl !== undefined && { publicUrl }),
  });
  return { ...inbound, ...mountSide(foundation, inbound, { schema: inboundSchema }) };
}

const mountedSchema = inboundConfigSchema.extend({
  publicUrl: z.url({ protocol: /^https?$/, error: 'must look like https://hooks.example.com' }).optional(),
});

function configOf(options: MountInboundOptions): InboundConfig {
  const { concurrency, maxWorkBytes, trustedProxies, maxBufferedBytes, publicUrl } = options;
  const parsed = mountedSchema.safeParse({
    ...{ concurrency, maxWorkBytes, trustedProxies, maxBufferedBytes, publicUrl },
  });
  if (parsed.success) return parsed.data;
  throw new GlueError('GLUE_CONFIG_INVALID', 'the options of mountInbound are not valid', {
    problems: problemsOf(parsed.error),
  });
}

/** Those of the connectors' handlers that are for this side. */
function handlersOf({ handlers }: Foundation): ReadonlyMap<string, InboundHandler> {
  const own = new Map<string, InboundHandler>();
  for (const [id, handler] of handlers) if (isInboundHandler(handler)) own.set(id, handler);
  return own;
}
