import type { Command } from 'commander';
import { endpointRows } from '../endpoint-rows.js';
import { printRows } from '../print.js';
import { withInstallation, type CommonOptions } from '../with-installation.js';

/** `glue endpoints list` */
export function addEndpointCommands(program: Command): void {
  program
    .command('endpoints')
    .description('where traffic enters and leaves')
    .command('list')
    .description('list the endpoints of both sides')
    .option('--json', 'as JSON')
    .action(async (_, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions & { json?: boolean }>();
      await withInstallation(options, async (installation) =>
        printRows(await endpointRows(installation), {
          ...options,
          none: 'There is no endpoint. `glue backends provision <ref>` makes those of a backend.',
        }),
      );
    });
}
