import {
  applyOwnSecrets,
  coreMigrations,
  layFoundation,
  migrate,
  Provisioner,
  type BackendStore,
  type Foundation,
  type FoundationOptions,
} from 'glue-core';
import { createInbound, type Inbound, type InboundOptions } from './create-inbound.js';
import { isInboundHandler, type InboundHandler } from './process/inbound-event.js';
import { inboundSchema } from './store/tables.js';

export interface MountInboundOptions
  extends
    FoundationOptions,
    Pick<InboundOptions, 'publicUrl' | 'concurrency' | 'trustedProxies' | 'maxBufferedBytes'> {}

/** The inbound side in an app of your own. */
export interface MountedInbound extends Inbound {
  readonly backends: BackendStore;
  readonly provisioner: Provisioner;
  /**
   * Migrates the database, brings the endpoints of the seeds up to date, and starts. Whatever fails, nothing runs on.
   * @throws GLUE_MIGRATION_FAILED, GLUE_PROVISION_CONFLICT, GLUE_ENDPOINT_…, GLUE_DATABASE_UNAVAILABLE
   */
  start(): Promise<void>;
  /**
   * Refuses new requests and waits for what runs. The database stays open: it is yours.
   * @param deadlineMs - @defaultValue 10,000
   */
  stop(deadlineMs?: number): Promise<void>;
}

const DEFAULT_STOP_DEADLINE_MS = 10_000;

/**
 * The inbound side with everything it stands on, for an app without a Glue host: retries are timed by this process,
 * and handlers cannot queue deliveries.
 * @throws GLUE_SECRET_KEY_MISSING, GLUE_CONNECTOR_DEFINITION, GLUE_SEED_…
 */
export async function mountInbound(options: MountInboundOptions): Promise<MountedInbound> {
  const foundation = await layFoundation(options, ['inbound']);
  const { database, backends, registry, changeFeed, lease, retryClock, logger } = foundation;
  const inbound = createInbound({ ...options, ...foundation, handlers: handlersOf(foundation) });
  retryClock.follow(inbound.name, inbound.queue);
  const provisioner = new Provisioner({ ...foundation, sides: [inbound] });

  const prepare = async (): Promise<void> => {
    await migrate(database, [...coreMigrations, ...inboundSchema.migrations]);
    await registry.refresh();
    await provisioner.applyStandalone({ actor: 'app' });
    for (const connector of options.connectors) await applyOwnSecrets(inbound.endpoints, connector);
    for (const { code, state, problems } of await inbound.endpoints.list())
      if (state === 'draft') logger.warn({ endpoint: code, problems }, 'an endpoint is a draft');
  };
  const stop = async (deadlineMs = DEFAULT_STOP_DEADLINE_MS): Promise<void> => {
    await inbound.stop(deadlineMs);
    await changeFeed.stop();
    await lease.stop();
    retryClock.stop();
  };
  const start = async (): Promise<void> => {
    await prepare();
    await lease.start();
    await changeFeed.start();
    await inbound.start();
  };
  return {
    ...inbound,
    backends,
    provisioner,
    stop,
    start: () =>
      start().catch(async (error: unknown) => {
        await stop(0).catch(() => {}); // the first error is the one that counts
        throw error;
      }),
  };
}

/** Those of the connectors' handlers that are for this side. */
function handlersOf({ handlers }: Foundation): ReadonlyMap<string, InboundHandler> {
  const own = new Map<string, InboundHandler>();
  for (const [id, handler] of handlers) if (isInboundHandler(handler)) own.set(id, handler);
  return own;
}
