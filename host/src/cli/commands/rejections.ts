import { Option, type Command } from 'commander';
import type { Inbound, Rejection, RejectionCause, RejectionFilter } from 'glue-inbound';
import { inboundOf } from '../inbound-of.js';
import { parseLimit } from '../parse-limit.js';
import { parseTime } from '../parse-time.js';
import { printJson, printLine, printRows, timeText, type Row } from '../print.js';
import { withInstallation, type CommonOptions } from '../with-installation.js';

interface ListOptions extends CommonOptions, RejectionFilter {
  readonly json?: boolean;
  readonly endpoint?: string;
  readonly limit: number;
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

/** `glue rejections list` */
export function addRejectionCommands(program: Command): void {
  program
    .command('rejections')
    .description('inbound requests that were refused, with their causes')
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
}

async function listRejections({ endpoints, rejections }: Inbound, options: ListOptions): Promise<void> {
  const { endpoint, cause, since, until, before, limit, json } = options;
  const found = await rejections.list({
    limit,
    ...(endpoint !== undefined && { endpointId: (await endpoints.getByCode(endpoint)).id }),
    ...(cause !== undefined && { cause }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    ...(before !== undefined && { before }),
  });
  if (json)
    return printJson(
      found.map(({ bodyExcerpt, ...rest }) => ({ ...rest, bodyExcerpt: bodyExcerpt?.toString('utf8') })),
    );
  const codes = new Map((await endpoints.list()).map(({ id, code }) => [id, code]));
  printRows(
    found.map((rejection) => rejectionRow(rejection, codes)),
    { none: 'There is no rejection.' },
  );
  const last = found.at(-1);
  if (last && found.length === limit) printLine(`\nOlder ones: --before ${last.id}`);
}

function rejectionRow(rejection: Rejection, codes: ReadonlyMap<number, string>): Row {
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
