import type { Command } from 'commander';
import { formatBackendReference, GlueError, parseBackendReference, type BackendChanges } from 'glue-core';
import type { Installation } from '../../installation.js';
import { versionOption } from '../endpoint-options.js';
import { printJson, printLine, printRows } from '../print.js';
import { settingsFromText } from '../settings-from-text.js';
import { withInstallation, type CommonOptions } from '../with-installation.js';

const ACTOR = 'cli';

interface BackendOptions extends CommonOptions {
  readonly json?: boolean;
}

interface ChangeOptions extends BackendOptions {
  readonly ifVersion?: number;
}

interface EditOptions extends ChangeOptions {
  readonly name?: string;
  readonly code?: string;
  readonly company?: string;
  readonly set: readonly string[];
}

/** `glue backends show | edit | enable | disable <ref>` */
export function addBackendChanges(backends: Command): void {
  backends
    .command('show <ref>')
    .description('show one backend with its settings; secrets are only said to be set')
    .option('--json', 'as JSON')
    .action(async (reference: string, _, command: Command) => {
      const options = command.optsWithGlobals<BackendOptions>();
      await withInstallation(options, (installation) => showBackend(installation, reference, options));
    });
  backends
    .command('edit <ref>')
    .description('change a backend; settings that are not given stay, a list is given whole')
    .option('--name <name>', 'name for people')
    .option('--code <code>', 'short name, unique per type and company')
    .option('--company <company>', 'the tenant it belongs to')
    .option('--set <key=value...>', 'settings', [])
    .addOption(versionOption())
    .option('--json', 'as JSON')
    .action(async (reference: string, _, command: Command) => {
      const options = command.optsWithGlobals<EditOptions>();
      await withInstallation(options, (installation) =>
        changeBackend(
          installation,
          reference,
          changesOf(installation, reference, options),
          'was changed',
          options,
        ),
      );
    });
  for (const [name, active, description] of [
    ['enable', true, 'put a backend into service again'],
    ['disable', false, 'take a backend out of service: its webhooks are answered 503, its deliveries wait'],
  ] as const)
    backends
      .command(`${name} <ref>`)
      .description(description)
      .addOption(versionOption())
      .option('--json', 'as JSON')
      .action(async (reference: string, _, command: Command) => {
        const options = command.optsWithGlobals<ChangeOptions>();
        await withInstallation(options, (installation) =>
          changeBackend(installation, reference, { active }, `is ${name}d`, options),
        );
      });
}

async function showBackend({ store, registry }: Installation, text: string, { json }: BackendOptions) {
  const backend = await store.get(parseBackendReference(text));
  if (json) return printJson(backend);
  const { code, name, company, version, settings } = backend;
  const lookup = registry.find(backend);
  const state = lookup.state === 'ready' ? 'ready' : `${lookup.state}: ${lookup.reason}`;
  printRows([{ reference: formatBackendReference(backend), code, name, company, state, version }], {
    none: '',
  });
  printLine();
  printJson(settings);
}

function changesOf(
  { types }: Installation,
  reference: string,
  { name, code, company, set }: EditOptions,
): BackendChanges {
  const { type } = parseBackendReference(reference);
  return {
    ...(name !== undefined && { name }),
    ...(code !== undefined && { code }),
    ...(company !== undefined && { company }),
    ...(set.length > 0 && { settings: settingsFromText(types.get(type).settings, set) }),
  };
}

async function changeBackend(
  { store }: Installation,
  text: string,
  changes: BackendChanges,
  did: string,
  { ifVersion, json }: ChangeOptions,
): Promise<void> {
  if (Object.keys(changes).length === 0)
    throw new GlueError('GLUE_BACKEND_INVALID', `nothing is given that could change in backend ${text}`);
  const changed = await store.update(parseBackendReference(text), changes, ACTOR, ifVersion);
  if (json) return printJson(changed);
  printLine(`Backend ${text} "${changed.name}" ${did} (version ${changed.version}).`);
  printLine('A running host sees it within a second.');
}
