import { Option, type Command } from 'commander';
import { GlueError, type WorkState } from 'glue-core';
import type { EventAttempt, EventView, Inbound } from 'glue-inbound';
import type { Installation } from '../../installation.js';
import { parseLimit } from '../parse-limit.js';
import { printJson, printLine, printRows, timeText, type Row } from '../print.js';
import { withInstallation, type CommonOptions } from '../with-installation.js';

const STATES = [
  'received',
  'processing',
  'retrying',
  'done',
  'dead_letter',
  'canceled',
] satisfies WorkState[];

interface ListOptions extends CommonOptions {
  readonly json?: boolean;
  readonly state?: WorkState;
  readonly limit: number;
}

/** `glue events list` and `glue events show <id>` */
export function addEventCommands(program: Command): void {
  const events = program.command('events').description('inbound requests that passed verification');
  events
    .command('list')
    .description('list events, the latest first')
    .addOption(new Option('--state <state>', 'only those in this state').choices(STATES))
    .option('--limit <number>', 'how many', parseLimit, 50)
    .option('--json', 'as JSON')
    .action(async (_, command: Command) => {
      const options = command.optsWithGlobals<ListOptions>();
      await withInstallation(options, async (installation) => {
        const { state, limit } = options;
        const inbound = inboundOf(installation);
        const found = await inbound.events.list({ limit, ...(state && { state }) });
        if (options.json) return printJson(found);
        const codes = await codesOf(inbound);
        printRows(
          found.map((event) => eventRow(event, codes)),
          { none: 'There is no event.' },
        );
      });
    });
  events
    .command('show <id>')
    .description('show one event, its payload and its attempts')
    .option('--json', 'as JSON')
    .action(async (id: string, _, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions & { json?: boolean }>();
      await withInstallation(options, async (installation) => {
        const inbound = inboundOf(installation);
        const { payload, log, ...event } = await inbound.events.get(id);
        const body = payload.body.toString('utf8');
        if (options.json) return printJson({ ...event, payload: { ...payload, body }, log });
        printRows([eventRow(event, await codesOf(inbound))], { none: '' });
        printLine(`\n${body}\n`);
        printRows(log.map(attemptRow), { none: 'No attempt was made yet.' });
        for (const { error } of log) if (error) printLine(`\n${error}`);
      });
    });
}

function inboundOf({ inbound }: Installation): Inbound {
  if (inbound) return inbound;
  throw new GlueError('GLUE_SIDE_ABSENT', 'events belong to the inbound side, which this host does not have');
}

async function codesOf({ endpoints }: Inbound): Promise<ReadonlyMap<number, string>> {
  return new Map((await endpoints.list()).map(({ id, code }) => [id, code]));
}

function eventRow(event: EventView, codes: ReadonlyMap<number, string>): Row {
  return {
    id: event.id,
    state: event.state,
    type: event.type,
    endpoint: codes.get(event.endpointId),
    attempts: event.attempts,
    duplicates: event.duplicates,
    received: timeText(event.receivedAt),
    next: timeText(event.dueAt),
    note: event.note,
  };
}

function attemptRow({ number, startedAt, endedAt, outcome, cause, note }: EventAttempt): Row {
  return { attempt: number, started: timeText(startedAt), ms: endedAt - startedAt, outcome, cause, note };
}
