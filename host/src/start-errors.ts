import {
  BackendStore,
  GlueError,
  hasBackends,
  problemsOf,
  SecretBox,
  systemClock,
  type BackendTypes,
  type SeedCatalog,
} from 'glue-core';
import { configBackendErrors } from './backends/config-backend-errors.js';
import type { HostConfig } from './config/config-schema.js';
import { systemEnvironment } from './config/environment.js';
import { lookAtConnectors, type ConnectorLook } from './discovery/look-at-connectors.js';
import type { InstallationOptions, OpenedDatabase } from './installation.js';
import { readSecretKey } from './secrets/secret-key.js';
import type { SideModules } from './sides/import-sides.js';

/** What a start gives up for, apart by where it is shown. */
export interface StartErrors {
  /** Those of connectors that are not let off as lenient. */
  readonly connectors: readonly GlueError[];
  readonly seeds: readonly GlueError[];
  readonly backends: readonly GlueError[];
}

/** Everything in connectors, seeds and backends for which a start gives up; looked at before anything is changed. */
export async function findStartErrors(
  config: HostConfig,
  opened: OpenedDatabase,
  options: InstallationOptions & { readonly look?: ConnectorLook } = {},
): Promise<StartErrors> {
  const look = options.look ?? (await lookAtConnectors(config));
  const { lenient } = config.connectors;
  return {
    connectors: lenient ? [] : look.errors,
    seeds: seedErrors(look.catalog, opened.sides),
    backends: await backendErrors(config, opened, look, options),
  };
}

/** @throws the only error as it is; of several GLUE_START_REFUSED, with a line for each */
export function refuseToStart({ connectors, seeds, backends }: StartErrors): void {
  throwTogether([...connectors, ...seeds, ...backends], 'things keep the host from starting');
}

/** @param what - said of their number */
export function throwTogether(errors: readonly GlueError[], what: string): void {
  const [first, ...others] = errors;
  if (first === undefined) return;
  if (others.length === 0) throw first;
  throw new GlueError('GLUE_START_REFUSED', `${errors.length} ${what}`, {
    problems: errors.flatMap(({ code, message, problems }) =>
      problems.length === 0
        ? [`${code}: ${message}`]
        : problems.map((problem) => `${code}: ${message}: ${problem}`),
    ),
  });
}

/** Configurations that no endpoint can have, whatever an operator edits. */
function seedErrors(catalog: SeedCatalog, { inbound, outbound }: SideModules): GlueError[] {
  const schemas = {
    inbound: inbound?.inboundEndpointConfigSchema,
    outbound: outbound?.outboundEndpointConfigSchema,
  };
  return catalog.list().flatMap(({ side, seedId, config }) => {
    const error = schemas[side]?.safeParse(config).error;
    if (!error) return [];
    return new GlueError('GLUE_SEED_INVALID', `the configuration in seed "${seedId}" is not valid`, {
      problems: problemsOf(error, 'config'),
    });
  });
}

async function backendErrors(
  { backends, dataFolder, connectors: { lenient } }: HostConfig,
  opened: OpenedDatabase,
  { types, statuses }: ConnectorLook,
  options: InstallationOptions,
): Promise<GlueError[]> {
  const mayWait = lenient || statuses.some(({ state }) => state === 'failed');
  try {
    const store = await openStore(dataFolder, opened, types, options);
    return await configBackendErrors(backends, { types, store, mayWait });
  } catch (error) {
    if (error instanceof GlueError && error.code === 'GLUE_SECRET_KEY_MISSING') return [error];
    throw error;
  }
}

/** @throws GLUE_SECRET_KEY_MISSING */
async function openStore(
  dataFolder: string,
  { database }: OpenedDatabase,
  types: BackendTypes,
  { secretKey, clock = systemClock }: InstallationOptions,
): Promise<BackendStore | undefined> {
  if (!(await hasBackends(database))) return undefined;
  const fromEnvironment = secretKey ?? systemEnvironment()['GLUE_SECRET_KEY'];
  const { key, source } = readSecretKey({ dataFolder, fromEnvironment, mayCreate: false });
  const box = new SecretBox(key, source);
  return new BackendStore(database, types, box, clock);
}
