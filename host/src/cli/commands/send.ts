import type { Command } from 'commander';
import { parseBackendReference } from 'glue-core';
import { localUrl } from '../../http/host-url.js';
import { editJson } from '../edit-json.js';
import { ownCommand } from '../own-command.js';
import { printJson, printLine } from '../print.js';
import { post, signedSample } from '../../send-sample.js';
import { withInstallation, type CommonOptions } from '../with-installation.js';

interface SendOptions extends CommonOptions {
  readonly event?: string;
  readonly url?: string;
  readonly set: readonly string[];
  readonly json?: boolean;
}

/** `glue send <ref>` */
export function addSendCommand(program: Command): void {
  program
    .command('send <ref>')
    .description("post a sample event to the running host, really signed with the backend's secret")
    .option('--event <type>', 'which sample of the connector; the first when left out')
    .option(
      '--set <path=value...>',
      'change values of the sample, e.g. --set id=evt_2 for an event that is new',
      [],
    )
    .option('--url <url>', 'where the host runs, if not where the config says')
    .option('--json', 'as JSON')
    .action(async (reference: string, _, command: Command) => {
      const options = command.optsWithGlobals<SendOptions>();
      await withInstallation(options, async (installation) => {
        const { host } = installation.config;
        const sample = await signedSample(installation, parseBackendReference(reference), {
          ...(options.event !== undefined && { event: options.event }),
          edit: (body) => editJson(body, options.set),
        });
        const answer = await post(options.url ?? localUrl(host.address, host.port), sample);
        if (answer.status >= 300) process.exitCode = 1;
        if (options.json) return printJson({ event: sample.event, path: sample.path, ...answer });
        printLine(`POST ${sample.path}  ${sample.event}, ${sample.body.length} bytes, signed`);
        printLine(`→ ${answer.status} ${answer.body}`);
        const id = /"event_id":"([^"]+)"/.exec(answer.body)?.[1];
        if (id !== undefined)
          printLine(`\nWhat became of it:  ${ownCommand(`events show ${id}`, options.config)}`);
        const others = sample.all.filter((event) => event !== sample.event);
        if (others.length > 0 && options.event === undefined)
          printLine(`Other samples (--event):  ${others.join(', ')}`);
      });
    });
}
