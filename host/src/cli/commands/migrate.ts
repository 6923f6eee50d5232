import type { Command } from 'commander';
import { migrate } from 'glue-core';
import { reachDatabase } from '../../installation.js';
import { printLine } from '../print.js';
import { readConfig, type CommonOptions } from '../with-installation.js';

/** `glue migrate` */
export function addMigrateCommand(program: Command): void {
  program
    .command('migrate')
    .description('bring the database schema up to date (`start` does it too)')
    .action(async (_, command: Command) => {
      const config = await readConfig(command.optsWithGlobals<CommonOptions>());
      const { database, migrations } = await reachDatabase(config);
      try {
        const applied = await migrate(database, migrations);
        for (const name of applied) printLine(`applied ${name}`);
        printLine(
          applied.length === 0 ? 'The schema is up to date.' : `${applied.length} migrations were applied.`,
        );
      } finally {
        await database.destroy();
      }
    });
}
