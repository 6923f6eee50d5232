import { Option, type Command } from 'commander';
import type { Inbound, Rejection, RejectionCause, RejectionFilter } from 'glue-inbound';
import { endpointCodes } from '../endpoint-codes.js';
import { inboundOf } from '../inbound-of.js';
import { parseLimit } from '../parse-limit.js';
import { parseTime } from '../parse-time.js';
import { oneLine, printJson, printLine, printRows, timeText, type Row } from '../print.js';
import { withInstallation, type CommonOptions } from '../with-installation.js';

interface ListOptions extends CommonOptions, RejectionFilter {
  readonly json?: boolean;
  readonly endpoint?: string;
  readonly limit: number;
}

interface ShowOptions extends CommonOptions {
  readonly json?: boolean;
}

/** All causes; the compiler sees to it that none is missing. */
const CAUSES: Readonly<Record<RejectionCause, true>> = {
  unknown_endpoint: true,
  endpoint_inactive: true,
  signature: true,
  freshness: true,
  payload: true,
  too_large: true,
  content_type: true,
  encoding: true,
  method: true,
  ip: true,
  rate: true,
  validation: true,
  configuration: true,
  timeout: true,
};

/** `glue rejections list | show <id>` */
export function addRejectionCommands(program: Command): void {
  const rejections = program
    .command('rejections')
    .description('inbound requests that were refused, with their causes');
  rejections
    .command('list')
    .description('list rejections, the latest first; of a flood some are kept and the others counted')
    .option('--endpoint <code>', 'only those of this endpoint')
    .addOption(new Option('--cause <cause>', 'only those with this cause').choices(Object.keys(CAUSES)))
    .option(
      '--since <time>',
      'only those from then or later: 2026-01-31T12:00Z, or 2h for two hours ago',
      parseTime,
    )
    .option('--until <time>', 'only those before', parseTime)
    .option('--before <id>', 'only those older than this one: the last of the page before')
    .option('--limit <number>', 'how many', parseLimit, 50)
    .option('--json', 'as JSON, with headers and the first bytes of proven bodies')
    .action(async (_, command: Command) => {
      const options = command.optsWithGlobals<ListOptions>();
      await withInstallation(options, (installation) => listRejections(inboundOf(installation), options));
    });
  rejections
    .command('show <id>')
    .description('show one rejection, its headers, and what was kept of its body')
    .option('--json', 'as JSON')
    .action(async (id: string, _, command: Command) => {
      const options = command.optsWithGlobals<ShowOptions>();
      await withInstallation(options, (installation) => showRejection(inboundOf(installation), id, options));
    });
}

async function listRejections(inbound: Inbound, options: ListOptions): Promise<void> {
  const { endpoints, rejections } = inbound;
  const { endpoint, cause, since, until, before, limit, json } = options;
  const found = await rejections.list({
    limit,
    ...(endpoint !== undefined && { endpointId: (await endpoints.getByCode(endpoint)).id }),
    ...(cause !== undefined && { cause }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    ...(before !== undefined && { before }),
  });
  if (json) return printJson(found.map(withText));
  const codes = await endpointCodes(inbound);
  printRows(
    found.map((rejection) => rejectionRow(rejection, codes)),
    { none: 'There is no rejection.' },
  );
  const last = found.at(-1);
  if (last && found.length === limit) printLine(`\nOlder ones: --before ${last.id}`);
}

async function showRejection(inbound: Inbound, id: string, { json }: ShowOptions): Promise<void> {
  const rejection = withText(await inbound.rejections.get(id));
  if (json) return printJson(rejection);
  printRows([rejectionRow(rejection, await endpointCodes(inbound))], { none: '' });
  printLine();
  for (const [name, values] of Object.entries(rejection.headers))
    for (const value of values) printLine(`${oneLine(name)}: ${oneLine(value)}`);
  printLine(`\n${rejection.bodyExcerpt ?? 'No body was kept: bodies are kept only of proven requests.'}`);
}

function withText({ bodyExcerpt, ...rest }: Rejection) {
  return { ...rest, bodyExcerpt: bodyExcerpt?.toString('utf8') };
}

function rejectionRow(rejection: Omit<Rejection, 'bodyExcerpt'>, codes: ReadonlyMap<number, string>): Row {
  const { id, endpointId, cause, detail, path, at, droppedBefore, remoteAddress } = rejection;
  return {
    id,
    at: timeText(at),
    cause,
    endpoint: endpointId === undefined ? undefined : (codes.get(endpointId) ?? `(${endpointId})`),
    path,
    from: remoteAddress,
    // Of the same endpoint, since the one before.
    'not kept': droppedBefore === 0 ? undefined : droppedBefore,
    detail,
  };
}
