import { Option, type Command } from 'commander';
import {
  parseBackendReference,
  sideNameSchema,
  type EndpointState,
  type EndpointView,
  type Expected,
  type SideName,
} from 'glue-core';
import { configFromText, type ConfigOptions } from '../config-from-text.js';
import { sideOption, versionOption, type ChangeOptions } from '../endpoint-options.js';
import { endpointsOf, findEndpoint, type FoundEndpoint } from '../find-endpoint.js';
import { ACTOR } from '../own-command.js';
import { printEndpoint } from '../print-endpoint.js';
import { printJson } from '../print.js';
import { withInstallation } from '../with-installation.js';

interface FieldOptions extends ConfigOptions {
  readonly name?: string;
  readonly code?: string;
  readonly suffix?: string;
  readonly company?: string;
}

interface CreateOptions extends ChangeOptions, FieldOptions {
  readonly side: SideName;
  readonly path?: string;
  readonly backend?: string;
  readonly handler?: string;
}

interface EditOptions extends ChangeOptions, FieldOptions {
  /** `false`: none. */
  readonly handler?: string | false;
}

/** Commands that move an endpoint: to which state, what for, and what is said then. */
const moves: readonly (readonly [string, EndpointState, string, string])[] = [
  ['activate', 'active', 'put an endpoint into service, if it is complete', 'is active'],
  ['deactivate', 'draft', 'make an active or archived endpoint a draft: it is out of service', 'is a draft'],
  ['pause', 'paused', 'hold the deliveries of an outbound endpoint; activate it again later', 'is paused'],
  ['archive', 'archived', 'take an endpoint out of service for good', 'is archived'],
];

/** `glue endpoints create | edit | activate | deactivate | pause | archive | link | unlink` */
export function addEndpointChanges(endpoints: Command): void {
  addCreate(endpoints);
  addEdit(endpoints);
  for (const [name, state, description, did] of moves)
    addChange(endpoints.command(`${name} <code>`).description(description), did, (found, expected) =>
      found.endpoints.setState(found.endpoint.code, state, ACTOR, expected),
    );
  addChange(
    endpoints
      .command('link <code> <ref>')
      .description('link an endpoint to a backend; its code follows from the backend and its suffix'),
    'was linked; that is its code now',
    ({ endpoint, endpoints: store }, expected, reference = '') =>
      store.link(endpoint.code, parseBackendReference(reference), ACTOR, expected),
  );
  addChange(
    endpoints.command('unlink <code>').description('make an endpoint stand alone; it keeps its code'),
    'stands alone',
    ({ endpoint, endpoints: store }, expected) => store.unlink(endpoint.code, ACTOR, expected),
  );
}

function addCreate(endpoints: Command): void {
  withFields(endpoints.command('create'))
    .description('create an endpoint by hand, as a draft')
    .addOption(
      new Option('--side <side>', 'where it belongs').choices(sideNameSchema.options).makeOptionMandatory(),
    )
    .option('--path <path>', 'last part of the URL of an inbound one, for good; its code when left out')
    .option('--backend <ref>', 'the backend to link it to; its code follows from it')
    .option('--handler <handler>', 'who processes its events or shapes its deliveries, <connector>:<handler>')
    .action(async (_, command: Command) => {
      const options = command.optsWithGlobals<CreateOptions>();
      await withInstallation(options, async (installation) => {
        const { side, backend, name, code, suffix, company, path, handler } = options;
        const created = await endpointsOf(installation, side).create(
          {
            ...{ name, code, suffix, company, path, handler },
            ...(backend !== undefined && { backend: parseBackendReference(backend) }),
            config: configFromText(options),
          },
          ACTOR,
        );
        tell(await findEndpoint(installation, created.code, side), 'was created as a draft', options);
      });
    });
}

function addEdit(endpoints: Command): void {
  const edit = withFields(endpoints.command('edit <code>'))
    .description('change an endpoint; what is not given stays, `--set key=null` is the default again')
    .option('--handler <handler>', 'who processes its events or shapes its deliveries, <connector>:<handler>')
    .option('--no-handler', 'nobody but the backend, if it is linked to one');
  addChange(edit, 'was edited', ({ endpoint, endpoints: store }, expected, _, options: EditOptions) => {
    const { name, code, suffix, company, handler } = options;
    const changes = {
      ...{ name, code, suffix, company },
      ...(handler !== undefined && { handler: handler === false ? null : handler }),
      config: configFromText(options, endpoint.written),
    };
    return store.edit(endpoint.code, changes, ACTOR, expected);
  });
}

/** The fields that create and edit have in common. */
function withFields(command: Command): Command {
  return command
    .option('--name <name>', 'name for people')
    .option('--code <code>', 'short name; not of a linked one, whose code is derived')
    .option('--suffix <suffix>', 'second part of the code of a linked one')
    .option('--company <company>', 'the tenant it belongs to')
    .option('--file <file>', 'a JSON file with its configuration')
    .option(
      '--set <key=value...>',
      'configuration; the value is JSON or text, key.part=value sets a part',
      [],
    )
    .option('--json', 'as JSON');
}

/** What a command about one endpoint has: it finds it, changes it, and says what it is now. */
function addChange<Options extends ChangeOptions>(
  command: Command,
  did: string,
  change: (
    found: FoundEndpoint,
    expected: Expected,
    argument: string | undefined,
    options: Options,
  ) => Promise<EndpointView>,
): void {
  if (!command.options.some(({ long }) => long === '--json')) command.option('--json', 'as JSON');
  command
    .addOption(sideOption())
    .addOption(versionOption())
    .action(async (code: string, ...rest: readonly unknown[]) => {
      const [argument] = rest;
      const options = command.optsWithGlobals<Options>();
      await withInstallation(options, async (installation) => {
        const found = await findEndpoint(installation, code, options.side);
        const expected = { version: options.ifVersion };
        const changed = await change(
          found,
          expected,
          typeof argument === 'string' ? argument : undefined,
          options,
        );
        tell(await findEndpoint(installation, changed.code, found.side), did, options);
      });
    });
}

function tell(shown: FoundEndpoint, did: string, { json, config }: ChangeOptions): void {
  if (json) printJson({ side: shown.side, ...shown.endpoint, where: shown.where });
  else printEndpoint(shown, did, config);
}
