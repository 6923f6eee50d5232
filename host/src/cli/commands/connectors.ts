import type { Command } from 'commander';
import type { ConnectorStatus } from '../../discovery/load-connectors.js';
import { lookAtConnectors } from '../../discovery/look-at-connectors.js';
import { printRows, type Row } from '../print.js';
import { shownPath } from '../shown-path.js';
import { readConfig, type CommonOptions } from '../with-installation.js';

/** `glue connectors list` */
export function addConnectorCommands(program: Command): void {
  program
    .command('connectors')
    .description('packages that speak to one system each')
    .command('list')
    .description('list every connector that was found, enabled or not')
    .option('--json', 'as JSON')
    .action(async (_, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions & { json?: boolean }>();
      const { statuses } = await lookAtConnectors(await readConfig(options));
      printRows(statuses.map(connectorRow), { ...options, none: 'No connector was found.' });
    });
}

export function connectorRow({ id, state, found, leftOut, error }: ConnectorStatus): Row {
  return {
    id,
    state,
    version: found?.version,
    sides: found?.manifest.sides.join(', '),
    folder: found && shownPath(found.folder),
    note: error
      ? `${error.code}: ${error.message}`
      : leftOut.length > 0
        ? `left out: ${leftOut.join(', ')}`
        : undefined,
  };
}
