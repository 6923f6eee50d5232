import type { Command } from 'commander';
import type { DeliveryAttempt, DeliverySummary, Outbound } from 'glue-outbound';
import type { Installation } from '../../installation.js';
import { operatedDeliveries, type DeliveryFilterOptions } from '../operated-deliveries.js';
import { endpointCodes } from '../endpoint-codes.js';
import { outboundOf } from '../outbound-of.js';
import { parseLimit } from '../parse-limit.js';
import { jsonText, printJson, printLine, printRows, timeText, type Row } from '../print.js';
import { shownContent } from '../shown-content.js';
import { withInstallation, type CommonOptions } from '../with-installation.js';
import { addBulk } from './work-bulk.js';
import { addMoves } from './work-moves.js';

interface JsonOption extends CommonOptions {
  readonly json?: boolean;
}

interface ListOptions extends JsonOption, DeliveryFilterOptions {
  readonly after?: string;
  readonly limit: number;
}

/** `glue deliveries list | show <id> | attempts <id>`, and what can be done with them */
export function addDeliveryCommands(program: Command): void {
  const deliveries = program
    .command('deliveries')
    .description('outbound requests to make, made, or given up');
  operatedDeliveries
    .addFilter(deliveries.command('list').description('list deliveries, the latest first'))
    .option('--after <cursor>', 'the next page: what the page before told')
    .option('--limit <number>', 'how many', parseLimit, 50)
    .option('--json', 'as JSON')
    .action(async (_, command: Command) => {
      const options = command.optsWithGlobals<ListOptions>();
      await withInstallation(options, (installation) => listDeliveries(installation, options));
    });
  deliveries
    .command('show <id>')
    .description('show one delivery, what was queued and every attempt')
    .option('--json', 'as JSON')
    .action(async (id: string, _, command: Command) => {
      const options = command.optsWithGlobals<JsonOption>();
      await withInstallation(options, (installation) => showDelivery(outboundOf(installation), id, options));
    });
  deliveries
    .command('attempts <id>')
    .description('show every attempt at a delivery, with the request as sent and the response')
    .option('--json', 'as JSON')
    .action(async (id: string, _, command: Command) => {
      const options = command.optsWithGlobals<JsonOption>();
      await withInstallation(options, (installation) => showAttempts(outboundOf(installation), id, options));
    });
  addMoves(deliveries, operatedDeliveries);
  addBulk(deliveries, operatedDeliveries);
}

async function listDeliveries(installation: Installation, options: ListOptions): Promise<void> {
  const { limit, after, json } = options;
  const outbound = outboundOf(installation);
  const filter = await operatedDeliveries.filterOf(options, installation);
  const { deliveries, cursor } = await outbound.deliveries.list(filter, {
    limit,
    ...(after !== undefined && { after }),
  });
  if (json) return printJson(deliveries);
  const codes = await endpointCodes(outbound);
  printRows(
    deliveries.map((delivery) => deliveryRow(delivery, codes)),
    { none: 'There is no delivery.' },
  );
  if (cursor !== undefined) printLine(`\nOlder ones: --after ${cursor}`);
}

async function showDelivery(outbound: Outbound, id: string, { json }: JsonOption): Promise<void> {
  const delivery = await outbound.deliveries.get(id);
  const log = await outbound.deliveries.attempts(id);
  if (json) return printJson({ ...delivery, log });
  const { payload, context, headers } = delivery;
  printRows([deliveryRow(delivery, await endpointCodes(outbound))], { none: '' });
  if (delivery.originalId !== undefined) printLine(`Repeats delivery ${delivery.originalId}.`);
  printLine(`\n${shownContent({ payload, context, headers })}\n`);
  printRows(log.map(attemptRow), { none: 'No attempt was made yet.' });
  for (const { error } of log) if (error !== undefined) printLine(`\n${error}`);
}

async function showAttempts(outbound: Outbound, id: string, { json }: JsonOption): Promise<void> {
  await outbound.deliveries.get(id); // throws when there is none
  const log = await outbound.deliveries.attempts(id);
  if (json) return printJson(log);
  if (log.length === 0) return printLine('No attempt was made yet.');
  for (const { request, response, error, ...attempt } of log) {
    printRows([attemptRow(attempt)], { none: '' });
    printLine(`\n${jsonText({ request, response })}\n`);
    if (error !== undefined) printLine(`${error}\n`);
  }
}

function deliveryRow(delivery: DeliverySummary, codes: ReadonlyMap<number, string>): Row {
  const waits = delivery.state === 'queued' || delivery.state === 'retrying';
  return {
    id: delivery.id,
    state: delivery.state,
    endpoint: codes.get(delivery.endpointId),
    attempts: delivery.attempts,
    key: delivery.idempotencyKey,
    created: timeText(delivery.createdAt),
    next: waits ? timeText(delivery.dueAt) : undefined,
    note: noteOf(delivery),
  };
}

/** Why it is held goes before what was noted of it earlier, which may still tell why it was tried in vain. */
function noteOf({ heldReason, note }: DeliverySummary): string | undefined {
  if (heldReason === undefined) return note;
  return note === undefined ? heldReason : `${heldReason}; before: ${note}`;
}

function attemptRow({ number, startedAt, durationMs, outcome, status, cause, note }: DeliveryAttempt): Row {
  return { attempt: number, started: timeText(startedAt), ms: durationMs, outcome, status, cause, note };
}
