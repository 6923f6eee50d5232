import {
  BackendTypes,
  GlueError,
  messageOf,
  SeedCatalog,
  seedId,
  type BackendClass,
  type Connector,
  type ConnectorSeeds,
  type HandlerClass,
  type SideName,
} from 'glue-core';
import type { InboundHandler } from 'glue-inbound';
import type { OutboundHandler } from 'glue-outbound';
import { nameOf, type FoundConnector } from './found-connector.js';

/** Where registered connectors go. */
export interface ConnectorRegister {
  readonly types: BackendTypes;
  readonly catalog: SeedCatalog;
  /** By `<connector>:<handlerId>`. */
  readonly handlers: {
    readonly inbound: Map<string, InboundHandler>;
    readonly outbound: Map<string, OutboundHandler>;
  };
  /** The container's way to build a handler. */
  readonly build: (handlerClass: HandlerClass) => object;
  /** The sides that this host has. */
  readonly sides: readonly SideName[];
}

/** Handlers before any connector is registered. */
export function emptyHandlers(): ConnectorRegister['handlers'] {
  return { inbound: new Map(), outbound: new Map() };
}

/**
 * Registers what a connector offers; all of it, or (when it throws) nothing.
 * @returns ids of the seeds that were left out, since this host lacks their side
 * @throws GLUE_CONNECTOR_DEFINITION, GLUE_SIDE_ABSENT
 */
export function registerConnector(
  found: FoundConnector,
  { backends, handlers }: Connector,
  seeds: ConnectorSeeds,
  register: ConnectorRegister,
): string[] {
  checkBackendClasses(found, backends, register.types);
  refuseDoubleHandlers(found, handlers);
  const commits = handlers.map((handler) => prepareHandler(found, handler, seeds, register));
  for (const { id } of seeds.handlers)
    if (!handlers.some(({ handlerId }) => handlerId === id))
      throw wrong(
        found,
        `its handlers.json offers "${id}", but it exports no handler class with that handlerId`,
      );

  const absent = seeds.endpoints.filter(
    ({ side }) => found.manifest.sides.includes(side) && !register.sides.includes(side),
  );
  const present = seeds.endpoints.filter((seed) => !absent.includes(seed));
  const wanted = { ...seeds, endpoints: present };
  new SeedCatalog().add(wanted, found.manifest.sides); // refuses what the real one would, before anything is changed
  register.catalog.add(wanted, found.manifest.sides);
  for (const backendClass of backends) register.types.register(backendClass, found.id);
  for (const commit of commits) commit();
  return absent.map(({ id }) => seedId(found.id, id));
}

/** Tried on a register of its own first, so that a connector whose second class is wrong leaves nothing behind. */
function checkBackendClasses(
  found: FoundConnector,
  classes: readonly BackendClass[],
  types: BackendTypes,
): void {
  const trial = new BackendTypes();
  for (const backendClass of classes) {
    try {
      trial.register(backendClass, found.id);
    } catch (error) {
      throw wrong(found, messageOf(error));
    }
    const owner = types.connectorOf(backendClass.type);
    if (owner !== undefined)
      throw wrong(
        found,
        `its backend type "${backendClass.type}" is registered by connector "${owner}" already`,
      );
  }
}

/** Builds a handler and finds out for which side it is. @returns what registers it */
function prepareHandler(
  found: FoundConnector,
  handler: HandlerClass,
  seeds: ConnectorSeeds,
  { handlers, build }: ConnectorRegister,
): () => void {
  const { handlerId, name } = handler;
  const seed = seeds.handlers.find(({ id }) => id === handlerId);
  if (!seed)
    throw wrong(
      found,
      `its handler ${name} (handlerId "${handlerId}") is missing in handlers.json, which says for which side it is`,
    );
  const built = buildHandler(found, handler, build);
  const id = seedId(found.id, handlerId);
  if (seed.side === 'inbound' && isInboundHandler(built)) return () => handlers.inbound.set(id, built);
  if (seed.side === 'outbound' && isOutboundHandler(built)) return () => handlers.outbound.set(id, built);
  const method = seed.side === 'inbound' ? 'handleInboundEvent' : 'handleDelivery';
  throw wrong(found, `its handler ${name} is for ${seed.side}, but has no method ${method}`);
}

function buildHandler(
  found: FoundConnector,
  handler: HandlerClass,
  build: ConnectorRegister['build'],
): object {
  try {
    return build(handler);
  } catch (error) {
    throw wrong(found, `its handler ${handler.name} cannot be built: ${messageOf(error)}`);
  }
}

function refuseDoubleHandlers(found: FoundConnector, handlers: readonly HandlerClass[]): void {
  const ids = handlers.map(({ handlerId }) => handlerId);
  const double = ids.find((id, index) => ids.indexOf(id) !== index);
  if (double !== undefined) throw wrong(found, `it exports two handlers with the handlerId "${double}"`);
}

function isInboundHandler(built: object): built is InboundHandler {
  return 'handleInboundEvent' in built && typeof built.handleInboundEvent === 'function';
}

function isOutboundHandler(built: object): built is OutboundHandler {
  return 'handleDelivery' in built && typeof built.handleDelivery === 'function';
}

const wrong = (found: FoundConnector, what: string) =>
  new GlueError('GLUE_CONNECTOR_DEFINITION', `${nameOf(found)}: ${what}`);
