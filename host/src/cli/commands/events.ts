import { isUtf8 } from 'node:buffer';
import type { Command } from 'commander';
import type { EventAttempt, EventView, Inbound } from 'glue-inbound';
import type { Installation } from '../../installation.js';
import { endpointCodes } from '../endpoint-codes.js';
import { inboundOf } from '../inbound-of.js';
import { operatedEvents, type EventFilterOptions } from '../operated-events.js';
import { parseLimit } from '../parse-limit.js';
import { oneLine, printBytes, printJson, printLine, printRows, timeText, type Row } from '../print.js';
import { withInstallation, type CommonOptions } from '../with-installation.js';
import { addBulk } from './work-bulk.js';
import { addMoves } from './work-moves.js';

interface ListOptions extends CommonOptions, EventFilterOptions {
  readonly json?: boolean;
  readonly before?: string;
  readonly limit: number;
}

interface ShowOptions extends CommonOptions {
  readonly json?: boolean;
  readonly raw?: boolean;
}

/** `glue events list | show <id>`, and what can be done with them */
export function addEventCommands(program: Command): void {
  const events = program.command('events').description('inbound requests that passed verification');
  operatedEvents
    .addFilter(events.command('list').description('list events, the latest first'))
    .option('--before <id>', 'only those older than this one: the last of the page before')
    .option('--limit <number>', 'how many', parseLimit, 50)
    .option('--json', 'as JSON')
    .action(async (_, command: Command) => {
      const options = command.optsWithGlobals<ListOptions>();
      await withInstallation(options, (installation) => listEvents(installation, options));
    });
  events
    .command('show <id>')
    .description('show one event, its payload and its attempts')
    .option('--json', 'as JSON')
    .option('--raw', 'only the body, byte for byte as it was received')
    .action(async (id: string, _, command: Command) => {
      const options = command.optsWithGlobals<ShowOptions>();
      await withInstallation(options, (installation) => showEvent(inboundOf(installation), id, options));
    });
  addMoves(events, operatedEvents);
  addBulk(events, operatedEvents);
}

async function listEvents(installation: Installation, options: ListOptions): Promise<void> {
  const inbound = inboundOf(installation);
  const { limit, before, json } = options;
  const filter = await operatedEvents.filterOf(options, installation);
  const found = await inbound.events.list({ ...filter, limit, ...(before !== undefined && { before }) });
  if (json) return printJson(found);
  const codes = await endpointCodes(inbound);
  printRows(
    found.map((event) => eventRow(event, codes)),
    { none: 'There is no event.' },
  );
  const last = found.at(-1);
  if (last && found.length === limit) printLine(`\nOlder ones: --before ${last.id}`);
}

async function showEvent(inbound: Inbound, id: string, { json, raw }: ShowOptions): Promise<void> {
  const { payload, content, log, ...event } = await inbound.events.get(id);
  if (raw) return printBytes(payload.body);
  if (json) return printJson({ ...event, payload: { ...payload, ...bodyFields(payload.body) }, log });
  printRows([eventRow(event, await endpointCodes(inbound))], { none: '' });
  printLine();
  printRows([identityRow(event)], { none: '' });
  if (event.primaryId !== undefined) printLine(`Repeats event ${event.primaryId}.`);
  if (event.duplicates > 0)
    printLine(`It came ${event.duplicates} more times, last at ${timeText(event.lastDuplicateAt)}.`);
  for (const [name, value] of Object.entries(payload.semantics)) printLine(`${name}: ${oneLine(value)}`);
  printLine(`\n${content.toString('utf8')}\n`);
  printRows(log.map(attemptRow), { none: 'No attempt was made yet.' });
  for (const { error } of log) if (error) printLine(`\n${error}`);
}

/** Bytes that are no text keep their value only in base64. */
function bodyFields(body: Buffer): { body?: string; bodyBase64?: string } {
  return isUtf8(body)
    ? { body: body.toString('utf8') }
    : { body: undefined, bodyBase64: body.toString('base64') };
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

/** By what it is known again, and who processes it. */
function identityRow({ kind, handler, backend, deliveryKeySource, deliveryKey }: EventView): Row {
  return { kind, handler, backend, 'known by': deliveryKeySource, as: deliveryKey };
}

function attemptRow({ number, startedAt, durationMs, outcome, cause, note }: EventAttempt): Row {
  return { attempt: number, started: timeText(startedAt), ms: durationMs, outcome, cause, note };
}
