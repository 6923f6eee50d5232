import { join } from 'node:path';
import { GlueError, messageOf, readSeeds, type ConnectorSeeds, type Logger } from 'glue-core';
import { discoverConnectors, type DiscoveryPlaces } from './discover-connectors.js';
import type { Discovery, FoundConnector } from './found-connector.js';
import { loadConnector } from './load-connector.js';
import { registerConnector, type ConnectorRegister } from './register-connector.js';
import { selectConnector } from './select-connector.js';

/** How one connector fares in this host. */
export interface ConnectorStatus {
  readonly id: string;
  readonly state: 'enabled' | 'failed' | 'available';
  /** Absent when it was not discovered. */
  readonly found?: FoundConnector;
  /** Seeds that this host leaves out, since it lacks their side. */
  readonly leftOut: readonly string[];
  /** Why it failed. */
  readonly error?: GlueError;
}

export interface LoadConnectorsOptions {
  readonly places: DiscoveryPlaces;
  readonly enabled: readonly string[];
  /** Notes a failure in the status instead of throwing it. */
  readonly lenient: boolean;
  readonly register: ConnectorRegister;
  readonly logger: Logger;
}

/**
 * Discovers connectors, loads and registers those that are enabled.
 * @returns every connector that was found or asked for
 * @throws GLUE_CONNECTOR_…, GLUE_CORE_DUPLICATE, GLUE_SEED_… of the first that fails, unless lenient
 */
export async function loadConnectors(options: LoadConnectorsOptions): Promise<ConnectorStatus[]> {
  const { places, enabled, lenient, register } = options;
  const discovery = await discoverConnectors(places);
  const statuses: ConnectorStatus[] = [];
  for (const id of new Set(enabled)) statuses.push(await loadOne(id, discovery, options));
  if (!lenient) checkSeedHandlers(register);
  const available = discovery.found.filter(({ id }) => !enabled.includes(id));
  return [
    ...statuses,
    ...available.map((found) => ({ id: found.id, state: 'available' as const, found, leftOut: [] })),
  ];
}

/**
 * Sees to it that every handler which a seed names is registered; asked once all connectors are.
 * @throws GLUE_SEED_HANDLER_UNKNOWN
 */
export function checkSeedHandlers({ catalog, sides, handlers }: ConnectorRegister): void {
  catalog.checkHandlers((handler) => sides.some((side) => handlers[side].has(handler)));
}

async function loadOne(
  id: string,
  discovery: Discovery,
  { lenient, register, logger }: LoadConnectorsOptions,
): Promise<ConnectorStatus> {
  let found: FoundConnector | undefined;
  try {
    found = selectConnector(id, discovery);
    const connector = await loadConnector(found);
    const leftOut = registerConnector(found, connector, await seedsOf(found), register);
    if (leftOut.length > 0)
      logger.warn({ connector: id, seeds: leftOut }, 'seeds are left out: this host lacks their side');
    return { id, state: 'enabled', found, leftOut };
  } catch (error) {
    if (!lenient) throw error;
    logger.error(
      { connector: id, reason: messageOf(error) },
      'a connector failed to load; its endpoints answer 503',
    );
    const failure =
      error instanceof GlueError
        ? error
        : new GlueError('GLUE_CONNECTOR_LOAD', `connector "${id}": ${messageOf(error)}`, { cause: error });
    return { id, state: 'failed', ...(found && { found }), leftOut: [], error: failure };
  }
}

function seedsOf({ id, folder, manifest }: FoundConnector): Promise<ConnectorSeeds> {
  if (manifest.seeds === undefined) return Promise.resolve({ connector: id, endpoints: [], handlers: [] });
  return readSeeds(id, join(folder, manifest.seeds));
}
