import {
  BackendTypes,
  GlueError,
  messageOf,
  pendingMigrations,
  SeedCatalog,
  silentLogger,
  systemClock,
} from 'glue-core';
import { NEEDED_NODE } from '../bin/node-version.js';
import { openAgendaStore } from '../clock/agenda-store.js';
import type { HostConfig } from '../config/config-schema.js';
import { connectorBuilder } from '../container.js';
import { emptyHandlers } from '../discovery/register-connector.js';
import { loadConnectors } from '../discovery/load-connectors.js';
import { install, reachDatabase, type OpenedDatabase } from '../installation.js';
import { importSides, wantedSides } from '../sides/import-sides.js';
import { backendRows } from './commands/backends.js';
import { connectorRow } from './commands/connectors.js';
import { shownPath } from './shown-path.js';
import { readConfig, type CommonOptions } from './with-installation.js';

/** What one look found. */
export interface CheckResult {
  readonly state: 'ok' | 'problem' | 'note';
  readonly what: string;
  readonly found: string;
}

const ok = (what: string, found: string): CheckResult => ({ state: 'ok', what, found });
const note = (what: string, found: string): CheckResult => ({ state: 'note', what, found });
const problem = (what: string, error: unknown): CheckResult => ({
  state: 'problem',
  what,
  found: error instanceof GlueError ? error.describe() : messageOf(error),
});

/** Looks at everything that a start needs, and goes on where something is wrong. Starts nothing, migrates nothing. */
export async function runChecks(options: CommonOptions): Promise<CheckResult[]> {
  const node = ok('node', `${process.versions.node} (${NEEDED_NODE} or newer is needed)`);
  let config: HostConfig;
  try {
    config = await readConfig(options);
  } catch (error) {
    return [node, problem('config', error)];
  }
  return [
    node,
    ok('config', shownPath(config.file ?? config.baseFolder)),
    ...(await checkSides(config)),
    ...(await checkConnectors(config)),
    ...(await checkDatabase(config)),
  ];
}

async function checkSides(config: HostConfig): Promise<CheckResult[]> {
  const installed = await importSides();
  return (['inbound', 'outbound'] as const).map((side) => {
    if (!installed[side]) return note('sides', `${side}: glue-${side} is not installed`);
    return config.sides.includes(side)
      ? ok('sides', side)
      : note('sides', `${side} is switched off in the config`);
  });
}

async function checkConnectors(config: HostConfig): Promise<CheckResult[]> {
  const { inbound, outbound } = wantedSides(await importSides(), config.sides);
  const statuses = await loadConnectors({
    places: { baseFolder: config.baseFolder, ...config.connectors },
    enabled: config.connectors.enabled,
    lenient: true,
    register: {
      types: new BackendTypes(),
      catalog: new SeedCatalog(),
      handlers: emptyHandlers(),
      build: connectorBuilder({ clock: systemClock, logger: silentLogger }),
      sides: [...(inbound ? ['inbound' as const] : []), ...(outbound ? ['outbound' as const] : [])],
    },
    logger: silentLogger,
  });
  if (statuses.length === 0) return [note('connectors', 'none was found')];
  return statuses.map((status) => {
    if (status.error) return problem('connectors', status.error);
    const { version, folder, note: left } = connectorRow(status);
    const text = `${status.id} ${version} is ${status.state} (${folder})`;
    return left === undefined && status.state === 'enabled'
      ? ok('connectors', text)
      : note('connectors', left === undefined ? text : `${text}; ${left}`);
  });
}

async function checkDatabase(config: HostConfig): Promise<CheckResult[]> {
  let opened: OpenedDatabase;
  try {
    opened = await reachDatabase(config);
  } catch (error) {
    return [problem('database', error)];
  }
  try {
    const pending = await pendingMigrations(opened.database, opened.migrations);
    if (pending.length > 0)
      return [
        problem(
          'database',
          new GlueError('GLUE_SCHEMA_OLDER', `${pending.length} migrations are pending`, {
            problems: pending,
          }),
        ),
        note('clock', 'not checked before the database is migrated'),
        note('backends', 'not checked before the database is migrated'),
      ];
    return [
      ok('database', `${config.database.client}, schema up to date`),
      await checkClock(config, opened),
      ...(await checkBackends(config, opened)),
    ];
  } catch (error) {
    return [problem('database', error)];
  } finally {
    await opened.database.destroy();
  }
}

async function checkClock(config: HostConfig, { database }: OpenedDatabase): Promise<CheckResult> {
  try {
    const store = await openAgendaStore(config.clock, database);
    await store.close();
    return ok('clock', `Agenda in ${config.clock.store === 'mongodb' ? 'MongoDB' : 'the database'}`);
  } catch (error) {
    return problem('clock', error);
  }
}

async function checkBackends(config: HostConfig, opened: OpenedDatabase): Promise<CheckResult[]> {
  try {
    const lenient = { ...config, connectors: { ...config.connectors, lenient: true } };
    const installation = await install(lenient, opened, { logger: silentLogger });
    await installation.registry.refresh();
    const rows = await backendRows(installation);
    if (rows.length === 0) return [note('backends', 'there is none')];
    return rows.map(({ reference, name, state, inbound = 0, outbound = 0 }) => {
      const text = `${reference} ${name}: ${state}; endpoints: ${inbound} inbound, ${outbound} outbound`;
      return String(state).startsWith('broken') ? problem('backends', text) : ok('backends', text);
    });
  } catch (error) {
    return [problem('backends', error)];
  }
}
