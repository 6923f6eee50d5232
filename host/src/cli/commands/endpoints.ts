import type { Command } from 'commander';
import type { Installation } from '../../installation.js';
import { sideOption, type EndpointOptions } from '../endpoint-options.js';
import { endpointRow, shownEndpoints } from '../endpoint-rows.js';
import { findEndpoint } from '../find-endpoint.js';
import { printProblems } from '../print-endpoint.js';
import { printHealth } from '../print-health.js';
import { printJson, printLine, printRows } from '../print.js';
import { withInstallation } from '../with-installation.js';
import { addEndpointChanges } from './endpoint-changes.js';
import { addEndpointSecrets, secretRow } from './endpoint-secrets.js';

/** `glue endpoints list | show`, and what can be done with them */
export function addEndpointCommands(program: Command): void {
  const endpoints = program.command('endpoints').description('where traffic enters and leaves');
  endpoints
    .command('list')
    .description('list the endpoints of both sides')
    .option('--json', 'as JSON')
    .action(async (_, command: Command) => {
      const options = command.optsWithGlobals<EndpointOptions>();
      await withInstallation(options, async (installation) =>
        printRows((await shownEndpoints(installation)).map(endpointRow), {
          ...options,
          none: 'There is no endpoint. `glue backends provision <ref>` makes those of a backend, `glue endpoints create` one by hand.',
        }),
      );
    });
  endpoints
    .command('show <code>')
    .description(
      'show one endpoint: its configuration with defaults, its own secrets, its health, what is missing',
    )
    .addOption(sideOption())
    .option('--json', 'as JSON')
    .action(async (code: string, _, command: Command) => {
      const options = command.optsWithGlobals<EndpointOptions>();
      await withInstallation(options, (installation) => showEndpoint(installation, code, options));
    });
  addEndpointChanges(endpoints);
  addEndpointSecrets(endpoints);
}

async function showEndpoint(
  installation: Installation,
  code: string,
  { side, json }: EndpointOptions,
): Promise<void> {
  const { endpoints, ...shown } = await findEndpoint(installation, code, side);
  const secrets = await endpoints.secrets.list(code);
  const { endpoint, where, counts, health } = shown;
  if (json) return printJson({ side: shown.side, ...endpoint, where, ...counts, health, secrets });

  printRows([endpointRow({ ...shown, fault: undefined })], { none: '' });
  const { suffix, company, path, seedId, version } = endpoint;
  printLine();
  printRows([{ suffix, company, path, seed: seedId, version }], { none: '' });
  printLine(`\n${JSON.stringify(endpoint.config ?? endpoint.written, null, 2)}\n`);
  printRows(secrets.map(secretRow), { none: 'It has no secrets of its own.' });
  if (health) printHealth(health);
  printProblems(shown);
}
