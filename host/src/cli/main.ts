import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { Command } from 'commander';
import { GlueError } from 'glue-core';
import { z } from 'zod';
import { addBackendCommands } from './commands/backends.js';
import { addCheckCommand } from './commands/check.js';
import { addConnectorCommands } from './commands/connectors.js';
import { addDeliveryCommands } from './commands/deliveries.js';
import { addDemoCommand } from './commands/demo.js';
import { addEndpointCommands } from './commands/endpoints.js';
import { addEventCommands } from './commands/events.js';
import { addMigrateCommand } from './commands/migrate.js';
import { addRejectionCommands } from './commands/rejections.js';
import { addSendCommand } from './commands/send.js';
import { addStartCommand } from './commands/start.js';
import { printError } from './print.js';

/** Runs one command line. Ends the process with 1 when it fails. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = createProgram();
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    report(error, program.opts<{ verbose?: boolean }>().verbose === true);
    process.exitCode = 1;
  }
  // Not left to run out: a connector may keep timers. A host that started stops on its signal.
  if (program.args[0] !== 'start' || process.exitCode === 1) process.exit();
}

/** The commands of `glue`. */
export function createProgram(): Command {
  const program = new Command('glue')
    .description('Glue: a durable webhook host')
    .version(ownVersion(), '-V, --version')
    .option(
      '-c, --config <file>',
      'the config file; glue.config.{yaml,yml,json,ts,js} of this folder when left out',
    )
    .option('--verbose', 'say more, and show where errors come from');
  addStartCommand(program);
  addCheckCommand(program);
  addMigrateCommand(program);
  addConnectorCommands(program);
  addBackendCommands(program);
  addEndpointCommands(program);
  addEventCommands(program);
  addRejectionCommands(program);
  addDeliveryCommands(program);
  addSendCommand(program);
  addDemoCommand(program);
  return program;
}

function report(error: unknown, verbose: boolean): void {
  if (!(error instanceof GlueError)) return printError(inspect(error));
  printError(error.describe());
  if (verbose) printError(inspect(error));
}

function ownVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(file, 'utf8'))).version;
}
