import type { Command } from 'commander';
import { runChecks, type CheckResult } from '../run-checks.js';
import { printJson, printLine } from '../print.js';
import type { CommonOptions } from '../with-installation.js';

const marks: Readonly<Record<CheckResult['state'], string>> = {
  ok: 'ok     ',
  problem: 'PROBLEM',
  note: 'note   ',
};

/** `glue check` */
export function addCheckCommand(program: Command): void {
  program
    .command('check')
    .description('look for problems: Node, config, port, database, clock, connectors, backends, endpoints')
    .option('--json', 'as JSON')
    .action(async (_, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions & { json?: boolean }>();
      const results = await runChecks(options);
      const problems = results.filter(({ state }) => state === 'problem').length;
      if (problems > 0) process.exitCode = 1;
      if (options.json) return printJson(results);
      for (const { state, what, found } of results) printLine(`${marks[state]}  ${what.padEnd(11)} ${found}`);
      printLine(
        problems === 0
          ? '\nNothing is wrong.'
          : `\n${problems === 1 ? '1 problem' : `${problems} problems`}.`,
      );
    });
}
