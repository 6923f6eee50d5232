import { GlueError, maxPacketBytes, messageOf, pendingMigrations, silentLogger } from 'glue-core';
import { NEEDED_NODE } from '../bin/node-version.js';
import { openAgendaStore } from '../clock/agenda-store.js';
import type { HostConfig } from '../config/config-schema.js';
import { lookAtConnectors, type ConnectorLook } from '../discovery/look-at-connectors.js';
import { portState } from '../http/port-check.js';
import { install, reachDatabase, type Installation, type OpenedDatabase } from '../installation.js';
import { importSides } from '../sides/import-sides.js';
import { findStartErrors } from '../start-errors.js';
import { backendRows } from './commands/backends.js';
import { connectorRow } from './commands/connectors.js';
import { shownEndpoints, UNVERIFIED } from './endpoint-rows.js';
import { shownPath } from './shown-path.js';
import { provisioningErrors } from './provisioning-errors.js';
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
  const look = await lookAtConnectors(config);
  return [
    node,
    ok('config', shownPath(config.file ?? config.baseFolder)),
    ...(await checkSides(config)),
    await checkPort(config),
    ...checkConnectors(look),
    ...(await checkDatabase(config, look)),
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

async function checkPort({ host: { address, port } }: HostConfig): Promise<CheckResult> {
  if (port === 0) return ok('port', 'any that is free');
  try {
    const where = `${port} on ${address}`;
    return (await portState(address, port)) === 'free'
      ? ok('port', `${where} is free`)
      : note('port', `${where} is taken: a Glue host runs there`);
  } catch (error) {
    return problem('port', error);
  }
}

function checkConnectors({ statuses, errors, seedProblems }: ConnectorLook): CheckResult[] {
  if (statuses.length === 0) return [note('connectors', 'none was found')];
  const loaded = statuses.map((status) => {
    if (status.error) return problem('connectors', status.error);
    const { version, folder, note: left } = connectorRow(status);
    const text = `${status.id} ${version} is ${status.state} (${folder})`;
    return left === undefined && status.state === 'enabled'
      ? ok('connectors', text)
      : note('connectors', left === undefined ? text : `${text}; ${left}`);
  });
  // Those of connectors stand with them already.
  const ofSeeds = errors.filter((error) => statuses.every((status) => status.error !== error));
  return [...loaded, ...[...ofSeeds, ...seedProblems].map((found) => problem('connectors', found))];
}

async function checkDatabase(config: HostConfig, look: ConnectorLook): Promise<CheckResult[]> {
  let opened: OpenedDatabase;
  try {
    opened = await reachDatabase(config);
  } catch (error) {
    return [problem('database', error), note('backends', 'not checked without the database')];
  }
  try {
    const { seeds, backends } = await findStartErrors(config, opened, { look });
    const refused = [
      ...seeds.map((error) => problem('connectors', error)),
      ...backends.map((error) => problem('backends', error)),
    ];
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
        ...refused,
        note('endpoints', 'not checked before the database is migrated'),
      ];
    return [
      ok('database', `${config.database.client}, schema up to date`),
      await checkClock(config, opened),
      ...withoutRepeats([...refused, ...(await checkRecords(config, opened))]),
    ];
  } catch (error) {
    return [problem('database', error)];
  } finally {
    await opened.database.destroy();
  }
}

/** A key that is lost is found by all that need it. */
function withoutRepeats(results: readonly CheckResult[]): CheckResult[] {
  return results.filter(({ found }, index) => results.findIndex((each) => each.found === found) === index);
}

async function checkClock(config: HostConfig, { database }: OpenedDatabase): Promise<CheckResult> {
  try {
    const store = await openAgendaStore(config, database);
    await store.close();
    return ok('clock', `Agenda in ${config.clock.store === 'mongodb' ? 'MongoDB' : 'the database'}`);
  } catch (error) {
    return problem('clock', error);
  }
}

async function checkRecords(config: HostConfig, opened: OpenedDatabase): Promise<CheckResult[]> {
  let installation: Installation;
  try {
    const lenient = { ...config, connectors: { ...config.connectors, lenient: true } };
    installation = await install(lenient, opened, { logger: silentLogger });
    await installation.registry.refresh();
  } catch (error) {
    return [problem('backends', error)];
  }
  return [
    ...(await checkBackends(installation)),
    ...(await checkEndpoints(installation)),
    ...(await provisioningErrors(installation)).map((error) => problem('endpoints', error)),
  ];
}

async function checkBackends(installation: Installation): Promise<CheckResult[]> {
  const rows = await backendRows(installation);
  if (rows.length === 0) return [note('backends', 'there is none')];
  return rows.map(({ reference, name, state, inbound = 0, outbound = 0 }) => {
    const text = `${reference} ${name}: ${state}; endpoints: ${inbound} inbound, ${outbound} outbound`;
    return String(state).startsWith('broken') ? problem('backends', text) : ok('backends', text);
  });
}

/** Counts those that are well, and names the others; what a draft lacks keeps nobody from starting. */
async function checkEndpoints(installation: Installation): Promise<CheckResult[]> {
  const endpoints = await shownEndpoints(installation);
  if (endpoints.length === 0) return [note('endpoints', 'there is none')];
  const noted = endpoints.flatMap(({ side, endpoint, fault, isUnverified }) => {
    const text = fault ?? (isUnverified ? UNVERIFIED : undefined);
    if (text === undefined) return [];
    const isFault = fault !== undefined && (endpoint.state === 'active' || endpoint.config === undefined);
    return [(isFault ? problem : note)('endpoints', `${side} ${endpoint.code}: ${text}`)];
  });
  const well = endpoints.length - noted.length;
  return [
    ...(well > 0 ? [ok('endpoints', wellText(well, endpoints.length))] : []),
    ...noted,
    ...(await checkSizes(installation)),
  ];
}

const wellText = (well: number, all: number) =>
  well === all ? `all ${all} are in order` : `${well} of ${all} are in order`;

/** Headers and semantics, which are stored in one statement with a body. */
const BESIDE_BODY_BYTES = 256 * 1024;

/** Names the endpoints that take bodies which the database does not. */
async function checkSizes({ inbound, database }: Installation): Promise<CheckResult[]> {
  const most = await maxPacketBytes(database);
  const endpoints = (await inbound?.endpoints.list()) ?? [];
  return endpoints.flatMap(({ code, config }) => {
    const needed = (config?.limits.maxBytes ?? 0) + BESIDE_BODY_BYTES;
    if (most === undefined || needed <= most) return [];
    const ways = `raise it to ${needed}, or lower limits.maxBytes`;
    return [
      note(
        'endpoints',
        `inbound ${code}: WARNING: max_allowed_packet of the database is ${most}, too little for the largest bodies: ${ways}`,
      ),
    ];
  });
}
