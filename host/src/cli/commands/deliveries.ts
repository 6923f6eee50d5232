import { Option, type Command } from 'commander';
import { GlueError, type WorkState } from 'glue-core';
import type { DeliveryAttempt, DeliverySummary, Outbound } from 'glue-outbound';
import type { Installation } from '../../installation.js';
import { parseLimit } from '../parse-limit.js';
import { printJson, printLine, printRows, timeText, type Row } from '../print.js';
import { withInstallation, type CommonOptions } from '../with-installation.js';

const STATES = [
  'draft',
  'queued',
  'held',
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

/** `glue deliveries list` and `glue deliveries show <id>` */
export function addDeliveryCommands(program: Command): void {
  const deliveries = program
    .command('deliveries')
    .description('outbound requests to make, made, or given up');
  deliveries
    .command('list')
    .description('list deliveries, the latest first')
    .addOption(new Option('--state <state>', 'only those in this state').choices(STATES))
    .option('--limit <number>', 'how many', parseLimit, 50)
    .option('--json', 'as JSON')
    .action(async (_, command: Command) => {
      const options = command.optsWithGlobals<ListOptions>();
      await withInstallation(options, async (installation) => {
        const { state, limit } = options;
        const outbound = outboundOf(installation);
        const { deliveries: found } = await outbound.deliveries.list({ ...(state && { state }) }, { limit });
        if (options.json) return printJson(found);
        const codes = await codesOf(outbound);
        printRows(
          found.map((delivery) => deliveryRow(delivery, codes)),
          { none: 'There is no delivery.' },
        );
      });
    });
  deliveries
    .command('show <id>')
    .description('show one delivery, what was queued and every attempt')
    .option('--json', 'as JSON')
    .action(async (id: string, _, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions & { json?: boolean }>();
      await withInstallation(options, async (installation) => {
        const outbound = outboundOf(installation);
        const delivery = await outbound.deliveries.get(id);
        const log = await outbound.deliveries.attempts(id);
        if (options.json) return printJson({ ...delivery, log });
        const { payload, context } = delivery;
        printRows([deliveryRow(delivery, await codesOf(outbound))], { none: '' });
        printLine(`\n${JSON.stringify({ payload, context }, null, 2)}\n`);
        printRows(log.map(attemptRow), { none: 'No attempt was made yet.' });
      });
    });
}

function outboundOf({ outbound }: Installation): Outbound {
  if (outbound) return outbound;
  throw new GlueError(
    'GLUE_SIDE_ABSENT',
    'deliveries belong to the outbound side, which this host does not have',
  );
}

async function codesOf({ endpoints }: Outbound): Promise<ReadonlyMap<number, string>> {
  return new Map((await endpoints.list()).map(({ id, code }) => [id, code]));
}

function deliveryRow(delivery: DeliverySummary, codes: ReadonlyMap<number, string>): Row {
  const waits = delivery.state === 'queued' || delivery.state === 'retrying';
  return {
    id: delivery.id,
    state: delivery.state,
    endpoint: codes.get(delivery.endpointId),
    attempts: delivery.attempts,
    created: timeText(delivery.createdAt),
    next: waits ? timeText(delivery.dueAt) : undefined,
    note: delivery.note,
  };
}

function attemptRow({ number, startedAt, durationMs, outcome, status, cause, note }: DeliveryAttempt): Row {
  return { attempt: number, started: timeText(startedAt), ms: durationMs, outcome, status, cause, note };
}
