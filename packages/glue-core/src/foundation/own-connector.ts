import type { BackendTypes } from '../backend/backend-types.js';
import type { BuildConnectorClass } from '../connector/connector-builder.js';
import type { Connector } from '../connector/define-connector.js';
import { readSeeds } from '../seeds/read-seeds.js';
import type { SeedCatalog } from '../seeds/seed-catalog.js';
import { seedId } from '../seeds/seed-file.js';
import type { SideName } from '../side/side-name.js';

/** A connector that an app brings along itself, or one that it has installed. */
export interface OwnConnector {
  /** Its name: what it offers is known as `<id>:<handler>` and `<id>:<endpoint>`. */
  readonly id: string;
  /** Made by `defineConnector`. */
  readonly connector: Connector;
  /** Folder of its `endpoints.json` (and `handlers.json`). */
  readonly seeds?: string;
  /**
   * Secrets of endpoints that stand alone, by their id in `endpoints.json`. One that is new here is added; those that
   * were there count for one more day.
   */
  readonly secrets?: Readonly<Record<string, string>>;
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
}

/** Registers what a connector offers. @throws GLUE_CONNECTOR_DEFINITION, GLUE_SEED_… */
export async function registerOwn(
  { id, connector, seeds }: OwnConnector,
  register: OwnRegister,
): Promise<void> {
  const { types, catalog, handlers, build, sides } = register;
  for (const backendClass of connector.backends) types.register(backendClass, id);
  for (const handler of connector.handlers) handlers.set(seedId(id, handler.handlerId), build(handler));
  if (seeds === undefined) return;
  const read = await readSeeds(id, seeds);
  catalog.add({ ...read, endpoints: read.endpoints.filter(({ side }) => sides.includes(side)) }, sides);
}
