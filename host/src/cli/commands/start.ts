import type { Command } from 'commander';
import { createHost } from '../../host.js';
import { stopOnSignals } from '../../stop-on-signals.js';
import { guardProcess } from '../guard-process.js';
import { printLine } from '../print.js';
import { welcome } from '../welcome.js';
import { readConfig, type CommonOptions } from '../with-installation.js';

/** `glue start` */
export function addStartCommand(program: Command): void {
  program
    .command('start')
    .description('run the host; migrates first')
    .action(async (_, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions>();
      const host = createHost(await readConfig(options));
      stopOnSignals(host);
      await host.start();
      guardProcess(host);
      for (const line of await welcome(host, options.config)) printLine(line);
    });
}
