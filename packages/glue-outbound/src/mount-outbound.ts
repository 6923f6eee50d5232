import {
  GlueError,
  layFoundation,
  mountSide,
  problemsOf,
  type Foundation,
  type FoundationOptions,
  type Mounted,
} from 'glue-core';
import type { z } from 'zod';
import { createOutbound, type Outbound } from './create-outbound.js';
import { isOutboundHandler, type OutboundHandler } from './delivery.js';
import { outboundConfigSchema, type OutboundConfig } from './outbound-config.js';
import { outboundSchema } from './store/tables.js';
import type { Egress } from './send/egress.js';

export interface MountOutboundOptions extends FoundationOptions, z.input<typeof outboundConfigSchema> {
  /**
   * False: this process only queues deliveries; others on the same database send them, and look within a second.
   * @defaultValue true
   */
  readonly sends?: boolean;
}

/** The outbound side in an app of your own. */
export interface MountedOutbound extends Omit<Outbound, keyof Mounted>, Mounted {}

/**
 * The outbound side with everything it stands on, for an app without a Glue host; retries are timed by this process.
 * @throws GLUE_SECRET_KEY_MISSING, GLUE_CONNECTOR_DEFINITION, GLUE_SEED_…; GLUE_CONFIG_INVALID for `concurrency`, `allow`
 */
export async function mountOutbound(options: MountOutboundOptions): Promise<MountedOutbound> {
  const foundation = await layFoundation(options, ['outbound']);
  const outbound = createOutbound({
    ...foundation,
    handlers: handlersOf(foundation),
    egressOf: (backendType) => egressOf(backendType, foundation),
    config: configOf(options),
  });
  const mounted = mountSide(foundation, outbound, { schema: outboundSchema, works: options.sends ?? true });
  return { ...outbound, ...mounted };
}

function configOf({ concurrency, maxWorkBytes, allow }: MountOutboundOptions): OutboundConfig {
  const parsed = outboundConfigSchema.safeParse({ concurrency, maxWorkBytes, allow });
  if (parsed.success) return parsed.data;
  throw new GlueError('GLUE_CONFIG_INVALID', 'the options of mountOutbound are not valid', {
    problems: problemsOf(parsed.error),
  });
}

/** Those of the connectors' handlers that are for this side. */
function handlersOf({ handlers }: Foundation): ReadonlyMap<string, OutboundHandler> {
  const own = new Map<string, OutboundHandler>();
  for (const [id, handler] of handlers) if (isOutboundHandler(handler)) own.set(id, handler);
  return own;
}

function egressOf(backendType: string, { types, connectors }: Foundation): Egress | undefined {
  const own = connectors.find(({ id }) => id === types.connectorOf(backendType));
  return own?.egress && { connector: own.id, hosts: own.egress };
}
