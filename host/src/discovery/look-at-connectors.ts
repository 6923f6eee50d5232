import { BackendTypes, connectorBuilder, GlueError, SeedCatalog, silentLogger, systemClock } from 'glue-core';
import type { HostConfig } from '../config/config-schema.js';
import { importSides, sideNamesOf, wantedSides } from '../sides/import-sides.js';
import { checkSeedHandlers, loadConnectors, type ConnectorStatus } from './load-connectors.js';
import { emptyHandlers, type ConnectorRegister } from './register-connector.js';

/** What a look at the connectors found. */
export interface ConnectorLook {
  readonly statuses: readonly ConnectorStatus[];
  /** What those register that can be loaded. */
  readonly types: BackendTypes;
  readonly catalog: SeedCatalog;
  /** Why a host that is not lenient does not start with them. */
  readonly errors: readonly GlueError[];
  /** Seeds that are never applied, one line each; not told while a connector fails, which may register what they need. */
  readonly seedProblems: readonly string[];
}

/** Discovers and loads the connectors as a start would, without a database; what fails is told, not thrown. */
export async function lookAtConnectors(config: HostConfig): Promise<ConnectorLook> {
  const types = new BackendTypes();
  const catalog = new SeedCatalog();
  const register: ConnectorRegister = {
    ...{ types, catalog, handlers: emptyHandlers() },
    build: connectorBuilder({ clock: systemClock, logger: silentLogger }),
    sides: sideNamesOf(wantedSides(await importSides(), config.sides)),
  };
  const statuses = await loadConnectors({
    places: { baseFolder: config.baseFolder, ...config.connectors },
    enabled: config.connectors.enabled,
    lenient: true,
    register,
    logger: silentLogger,
  });
  const failures = statuses.flatMap(({ error }) => error ?? []);
  if (failures.length > 0) return { statuses, types, catalog, errors: failures, seedProblems: [] };
  return {
    ...{ statuses, types, catalog },
    errors: errorOf(() => checkSeedHandlers(register)),
    seedProblems: catalog.backendTypeProblems(types),
  };
}

/** The error of Glue that a check throws, if it throws one. */
function errorOf(check: () => void): GlueError[] {
  try {
    check();
    return [];
  } catch (error) {
    if (error instanceof GlueError) return [error];
    throw error;
  }
}
