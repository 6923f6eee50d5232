import type { Command } from 'commander';
import {
  formatBackendReference,
  parseBackendReference,
  type BackendView,
  type ProvisionReport,
} from 'glue-core';
import type { Installation } from '../../installation.js';
import { shownEndpoints, UNVERIFIED } from '../endpoint-rows.js';
import { printJson, printLine, printRows, type Row } from '../print.js';
import { settingsFromText } from '../settings-from-text.js';
import { withInstallation, type CommonOptions } from '../with-installation.js';
import { addBackendChanges } from './backend-changes.js';

const ACTOR = 'cli';

interface CreateOptions extends CommonOptions {
  readonly type: string;
  readonly name: string;
  readonly code?: string;
  readonly company?: string;
  readonly set: readonly string[];
  readonly json?: boolean;
}

interface ProvisionOptions extends CommonOptions {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `glue backends list | show | create | edit | enable | disable | provision | resync` */
export function addBackendCommands(program: Command): void {
  const backends = program.command('backends').description('configured accounts of connectors');
  backends
    .command('list')
    .description('list backends, with the number of their endpoints')
    .option('--json', 'as JSON')
    .action(async (_, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions & { json?: boolean }>();
      await withInstallation(options, async (installation) =>
        printRows(await backendRows(installation), {
          ...options,
          none: 'There is no backend. `glue backends create` makes one.',
        }),
      );
    });
  backends
    .command('create')
    .description('create a backend; its endpoints are made by `provision`')
    .requiredOption('--type <type>', 'backend type, e.g. stripe')
    .requiredOption('--name <name>', 'name for people')
    .option('--code <code>', 'short name, unique per type and company')
    .option('--company <company>', 'the tenant it belongs to')
    .option('--set <key=value...>', 'settings', [])
    .option('--json', 'as JSON')
    .action(async (_, command: Command) => {
      const options = command.optsWithGlobals<CreateOptions>();
      await withInstallation(options, (installation) => createBackend(installation, options));
    });
  addBackendChanges(backends);
  for (const [name, description] of [
    ['provision', "create a backend's endpoints from its connector's seeds"],
    ['resync', "bring a backend's endpoints up to date with the seeds"],
  ] as const)
    backends
      .command(`${name} <ref>`)
      .description(description)
      .option('--dry-run', 'only say what would change')
      .option('--json', 'as JSON')
      .action(async (reference: string, _, command: Command) => {
        const options = command.optsWithGlobals<ProvisionOptions>();
        await withInstallation(options, (installation) => provision(installation, reference, options));
      });
}

/** The backends for a listing; what is wrong with one is its state. */
export async function backendRows({ store, registry, inbound, outbound }: Installation): Promise<Row[]> {
  const backends = await store.list();
  return Promise.all(
    backends.map(async (backend): Promise<Row> => {
      const lookup = registry.find(backend);
      const { code, name, company } = backend;
      return {
        reference: formatBackendReference(backend),
        code,
        name,
        company,
        state: lookup.state === 'ready' ? 'ready' : `${lookup.state}: ${lookup.reason}`,
        ...(inbound && { inbound: (await inbound.endpoints.listForBackend(backend)).length }),
        ...(outbound && { outbound: (await outbound.endpoints.listForBackend(backend)).length }),
      };
    }),
  );
}

async function createBackend(
  { store, types }: Installation,
  { type, name, code, company, set, json }: CreateOptions,
): Promise<void> {
  const settings = settingsFromText(types.get(type).settings, set);
  const created: BackendView = await store.create(
    { type, name, settings, ...(code !== undefined && { code }), ...(company !== undefined && { company }) },
    ACTOR,
  );
  if (json) return printJson(created);
  const reference = formatBackendReference(created);
  printLine(`Backend ${reference} "${created.name}" (code ${created.code}) was created.`);
  printLine(`It has no endpoints yet: glue backends provision ${reference}`);
}

async function provision(
  installation: Installation,
  text: string,
  { dryRun = false, json }: ProvisionOptions,
): Promise<void> {
  const { provisioner, connectors, types } = installation;
  const reference = parseBackendReference(text);
  const report = await provisioner.provision(reference, { actor: ACTOR, dryRun });
  if (json) return printJson({ dryRun, ...report });
  printRows(report.changes.map(changeRow), {
    none: `The connector offers no endpoints for ${reference.type}.`,
  });
  const connector = types.connectorOf(reference.type);
  for (const { side, code, problems } of report.changes) {
    if (problems.length > 0)
      printLine(`\nThe ${side} endpoint "${code}" is a draft, since it is not complete:`);
    for (const problem of problems) printLine(`  - ${problem}`);
  }
  for (const { side, endpoint, isUnverified } of dryRun ? [] : await shownEndpoints(installation))
    if (isUnverified && report.changes.some((each) => each.side === side && each.code === endpoint.code))
      printLine(`${endpoint.code}: ${UNVERIFIED}`);
  for (const problem of report.problems) printLine(`Not applied: ${problem}`);
  for (const seed of connectors.find(({ id }) => id === connector)?.leftOut ?? [])
    printLine(`Left out: ${seed}, since this host lacks its side.`);
  if (dryRun) printLine('Nothing was changed: this was a dry run.');
}

function changeRow({
  side,
  code,
  action,
  state,
  path,
  updated,
  conflicts,
}: ProvisionReport['changes'][number]): Row {
  return {
    side,
    code,
    action,
    state,
    path,
    changes: action === 'update' ? updated.join(', ') : undefined,
    'kept edits': conflicts.length > 0 ? conflicts.join(', ') : undefined,
  };
}
