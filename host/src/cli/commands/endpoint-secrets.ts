import { text } from 'node:stream/consumers';
import { Option, type Command } from 'commander';
import { secretUses, type AddedSecret, type EndpointSecretView, type SecretUse } from 'glue-core';
import { sideOption, type EndpointOptions } from '../endpoint-options.js';
import { findEndpoint, type FoundEndpoint } from '../find-endpoint.js';
import { ACTOR } from '../own-command.js';
import { parseMilliseconds, parseMoment } from '../parse-moment.js';
import { printJson, printLine, printRows, timeText, type Row } from '../print.js';
import { withInstallation } from '../with-installation.js';

interface ValueOptions extends EndpointOptions {
  readonly value?: string;
  readonly stdin?: boolean;
  readonly for?: SecretUse;
}

interface AddOptions extends ValueOptions {
  readonly notBefore?: number;
  readonly notAfter?: number;
}

interface RotateOptions extends ValueOptions {
  readonly overlap?: number;
}

/** `glue endpoints secrets list | add | rotate | remove <code>` */
export function addEndpointSecrets(endpoints: Command): void {
  const secrets = endpoints
    .command('secrets')
    .description('secrets of endpoints themselves, encrypted; every one whose time it is counts');
  about(secrets.command('list <code>'), 'list the secrets of an endpoint, without their values', list);
  about(
    withValue(secrets.command('add <code>'))
      .option('--not-before <time>', 'when it begins to count; at once when left out', parseMoment)
      .option('--not-after <time>', 'when it ends to count; never when left out', parseMoment),
    'add a secret beside those that are there; a new one is made where none is given',
    add,
  );
  about(
    withValue(secrets.command('rotate <code>')).option(
      '--overlap <duration>',
      'how long the old secrets still count; 24h when left out, 0 for not at all',
      parseMilliseconds,
    ),
    'add a secret, and let those that count now end after an overlap',
    rotate,
  );
  about(secrets.command('remove <code> <id>'), 'remove a secret at once', remove);
}

/** One line of a listing of secrets. */
export function secretRow(view: EndpointSecretView): Row {
  const { id, usedFor, createdAt, notBefore, notAfter, live, lastFour } = view;
  return {
    secret: id,
    for: usedFor,
    ends: lastFour === '' ? undefined : `…${lastFour}`,
    live,
    created: timeText(createdAt),
    'not before': timeText(notBefore),
    'not after': timeText(notAfter),
  };
}

async function list({ endpoint, endpoints }: FoundEndpoint, { json }: EndpointOptions): Promise<void> {
  const secrets = await endpoints.secrets.list(endpoint.code);
  if (json) return printJson(secrets);
  printRows(secrets.map(secretRow), { none: 'It has no secrets of its own.' });
}

async function add({ side, endpoint, endpoints }: FoundEndpoint, options: AddOptions): Promise<void> {
  const { notBefore, notAfter, for: usedFor } = options;
  const value = await valueOf(options);
  const secret = { value, usedFor, notBefore, notAfter };
  const added = await endpoints.secrets.add(endpoint.code, secret, ACTOR);
  if (options.json) return printJson(shown(added, value));
  printLine(`Secret ${added.id} was added to the ${side} endpoint "${endpoint.code}".`);
  printMade(added, value);
}

async function rotate({ side, endpoint, endpoints }: FoundEndpoint, options: RotateOptions): Promise<void> {
  const value = await valueOf(options);
  const rotation = { value, usedFor: options.for, overlapMs: options.overlap };
  const { added, ending } = await endpoints.secrets.rotate(endpoint.code, rotation, ACTOR);
  if (options.json) return printJson({ added: shown(added, value), ending });
  printLine(`Secret ${added.id} was added to the ${side} endpoint "${endpoint.code}".`);
  for (const { id, notAfter } of ending) printLine(`Secret ${id} counts until ${timeText(notAfter)}.`);
  printMade(added, value);
}

async function remove(
  { side, endpoint, endpoints }: FoundEndpoint,
  { json }: EndpointOptions,
  id = '',
): Promise<void> {
  await endpoints.secrets.remove(endpoint.code, id, ACTOR);
  if (json) return printJson({ removed: id });
  printLine(`Secret ${id} of the ${side} endpoint "${endpoint.code}" was removed.`);
}

function about<Options extends EndpointOptions>(
  command: Command,
  description: string,
  work: (found: FoundEndpoint, options: Options, argument?: string) => Promise<void>,
): void {
  command
    .description(description)
    .addOption(sideOption())
    .option('--json', 'as JSON')
    .action(async (code: string, ...rest: readonly unknown[]) => {
      const options = command.optsWithGlobals<Options>();
      await withInstallation(options, async (installation) => {
        const found = await findEndpoint(installation, code, options.side);
        await work(found, options, typeof rest[0] === 'string' ? rest[0] : undefined);
      });
    });
}

function withValue(command: Command): Command {
  return command
    .addOption(
      new Option('--value <secret>', 'one of your own; better by --stdin, which shells do not remember'),
    )
    .addOption(new Option('--stdin', 'one of your own, from standard input').conflicts('value'))
    .addOption(
      new Option(
        '--for <use>',
        'what it is for: sent to the receiver, sent to its token endpoint (OAuth 2), or a client certificate; when left out, to verify requests or to sign them, as the side does',
      ).choices(secretUses),
    );
}

async function valueOf({ value, stdin }: ValueOptions): Promise<string | undefined> {
  return stdin ? (await text(process.stdin)).replace(/\r?\n$/, '') : value;
}

/** What was made here is shown, this once; what somebody gave, not even that. */
function shown({ value, ...view }: AddedSecret, given: string | undefined): EndpointSecretView | AddedSecret {
  return given === undefined ? { ...view, value } : view;
}

function printMade({ value }: AddedSecret, given: string | undefined): void {
  if (given === undefined) printLine(`It is shown this once:\n\n  ${value}\n`);
}
