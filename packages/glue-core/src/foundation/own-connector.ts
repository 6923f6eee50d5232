import type { BackendTypes } from '../backend/backend-types.js';
import type { BuildConnectorClass } from '../connector/connector-builder.js';
import type { Connector } from '../connector/define-connector.js';
import type { SecretUse } from '../endpoint/endpoint-secret.js';
import { GlueError } from '../errors/glue-error.js';
import { readSeeds } from '../seeds/read-seeds.js';
import type { SeedCatalog } from '../seeds/seed-catalog.js';
import { seedId, type ConnectorSeeds, type EndpointSeed } from '../seeds/seed-file.js';
import type { SideName } from '../side/side-name.js';

/** What an outbound endpoint can need beside each other; a text alone verifies, or signs. */
export type SecretsByUse = Readonly<Partial<Record<SecretUse | 'signing', string>>>;

/** A connector that an app brings along itself, or one that it has installed. */
export interface OwnConnector {
  /** Its name: what it offers is known as `<id>:<handler>` and `<id>:<endpoint>`. */
  readonly id: string;
  /** Made by `defineConnector`. */
  readonly connector: Connector;
  /** Folder of its `endpoints.json` (and `handlers.json`). */
  readonly seeds?: string;
  /**
   * Secrets of endpoints that stand alone, by their id in `endpoints.json`. One that is new here is added; those of the
   * same use that were there count for one more day.
   */
  readonly secrets?: Readonly<Record<string, string | SecretsByUse>>;
  /**
   * What only the app knows of the endpoints' configurations, such as where a receiver is, by their id in
   * `endpoints.json`; wins over the seed. The same in every process.
   */
  readonly configs?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Hosts that its backends may call, as in a manifest. @defaultValue nothing limits them */
  readonly egress?: readonly string[];
}

/** Where connectors are registered. */
export interface OwnRegister {
  readonly types: BackendTypes;
  readonly catalog: SeedCatalog;
  /** By `<connector>:<handlerId>`. */
  readonly handlers: Map<string, object>;
  readonly build: BuildConnectorClass;
  /** The sides that are mounted; seeds for another are left out. */
  readonly sides: readonly SideName[];
  /** Full ids of the seeds that are left out. */
  readonly leftOut: Set<string>;
}

/** Registers what a connector offers. @throws GLUE_CONNECTOR_DEFINITION, GLUE_SEED_… */
export async function registerOwn(
  { id, connector, seeds, configs = {} }: OwnConnector,
  register: OwnRegister,
): Promise<void> {
  const { types, catalog, handlers, build, sides, leftOut } = register;
  for (const backendClass of connector.backends) types.register(backendClass, id);
  for (const handler of connector.handlers) handlers.set(seedId(id, handler.handlerId), build(handler));
  if (seeds === undefined) return;
  const read = completed(await readSeeds(id, seeds), configs);
  const isMounted = ({ side }: EndpointSeed) => sides.includes(side);
  catalog.add({ ...read, endpoints: read.endpoints.filter(isMounted) }, sides);
  for (const seed of read.endpoints) if (!isMounted(seed)) leftOut.add(seedId(id, seed.id));
}

/** The seeds with what the app adds to them. */
function completed(seeds: ConnectorSeeds, configs: NonNullable<OwnConnector['configs']>): ConnectorSeeds {
  const stray = Object.keys(configs).find((id) => !seeds.endpoints.some((seed) => seed.id === id));
  if (stray !== undefined)
    throw new GlueError(
      'GLUE_SEED_INVALID',
      `connector "${seeds.connector}" brings a configuration for the endpoint "${stray}", but its endpoints.json has none of that id`,
    );
  const endpoints = seeds.endpoints.map((seed) => ({
    ...seed,
    config: { ...seed.config, ...configs[seed.id] },
  }));
  return { ...seeds, endpoints };
}
