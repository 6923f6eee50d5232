import type { Command } from 'commander';
import { runDemo } from '../../demo/run-demo.js';
import { printLine } from '../print.js';

/** `glue demo` */
export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description(
      'show the main job on a throw-away host: take an event, write back, retry, refuse what is wrong',
    )
    .option('--json', 'end with one line of counts as JSON')
    .action(async (options: { json?: boolean }) => {
      const { counts, failures } = await runDemo(printLine);
      for (const failure of failures) printLine(`NOT AS EXPECTED: ${failure}`);
      if (failures.length > 0) process.exitCode = 1;
      if (options.json) printLine(JSON.stringify(counts));
    });
}
