import { Argument, InvalidArgumentError, type Command } from 'commander';
import { GlueError, hasRunningHost, type BulkMove, type Move, type WorkFilter } from 'glue-core';
import type { Installation } from '../../installation.js';
import { movesOfWork, type OperatedCommands } from '../operated-work.js';
import { ACTOR, ownCommand } from '../own-command.js';
import { parseLimit } from '../parse-limit.js';
import { printJson, printLine, printRows, timeText, type Row } from '../print.js';
import { withInstallation, type CommonOptions } from '../with-installation.js';

interface JsonOption extends CommonOptions {
  readonly json?: boolean;
}

interface StartOptions extends JsonOption {
  readonly all?: boolean;
  readonly dryRun?: boolean;
  readonly rate?: number;
  readonly note?: string;
}

/** `glue events bulk start <move> | list | show <id> | cancel <id>`, and the same of deliveries */
export function addBulk<Filter extends WorkFilter, Options>(
  group: Command,
  work: OperatedCommands<Filter, Options>,
): void {
  const { noun, nouns } = work;
  const bulk = group
    .command('bulk')
    .description(`the same for every ${noun} that a filter finds, step by step, by the hosts that run`);
  const start = bulk
    .command('start')
    .description(`start a bulk move of the ${nouns} that fit the filter now`)
    .addArgument(new Argument('<move>', 'what is done with them').choices(movesOfWork(work)));
  work
    .addFilter(start)
    .option('--all', `without a filter: every ${noun} from which the move starts`)
    .option('--dry-run', 'only count')
    .option('--rate <number>', 'no more than so many per second', parseRate)
    .option('--note <text>', `why; kept in the audit log, and at ${nouns} that end by it`)
    .option('--json', 'as JSON')
    .action(async (move: Move, _, command: Command) => {
      const options = command.optsWithGlobals<StartOptions & Options>();
      await withInstallation(options, (installation) => startBulk(installation, work, move, options));
    });
  bulk
    .command('list')
    .description('list bulk moves, the latest first')
    .option('--limit <number>', 'how many', parseLimit, 50)
    .option('--json', 'as JSON')
    .action(async (_, command: Command) => {
      const options = command.optsWithGlobals<JsonOption & { limit: number }>();
      await withInstallation(options, async (installation) => {
        const found = await work.sideOf(installation).bulkMoves.list(options.limit);
        if (options.json) return printJson(found);
        printRows(found.map(bulkRow), { none: 'There is no bulk move.' });
      });
    });
  bulk
    .command('show <id>')
    .description('show how far a bulk move has got')
    .option('--json', 'as JSON')
    .action(async (id: string, _, command: Command) => {
      const options = command.optsWithGlobals<JsonOption>();
      await withInstallation(options, async (installation) =>
        printBulk(await work.sideOf(installation).bulkMoves.get(id), options),
      );
    });
  bulk
    .command('cancel <id>')
    .description('end a bulk move before its end; what it has moved stays so')
    .option('--json', 'as JSON')
    .action(async (id: string, _, command: Command) => {
      const options = command.optsWithGlobals<JsonOption>();
      await withInstallation(options, async (installation) =>
        printBulk(await work.sideOf(installation).bulkMoves.cancel(id, { actor: ACTOR }), options),
      );
    });
}

async function startBulk<Filter extends WorkFilter, Options>(
  installation: Installation,
  work: OperatedCommands<Filter, Options>,
  move: Move,
  options: StartOptions & Options,
): Promise<void> {
  const { bulkMoves } = work.sideOf(installation);
  const filter = await work.filterOf(options, installation);
  if (Object.keys(filter).length === 0 && !options.all)
    throw new GlueError('GLUE_FILTER_MISSING', `a bulk ${move} needs a filter, or --all`);
  const { dryRun, rate, note, json } = options;
  if (dryRun) {
    const total = await bulkMoves.count(move, filter);
    if (json) return printJson({ dryRun, move, filter, total });
    return printLine(
      `${countText(work, total)} would be moved (${move}). Nothing was changed: this was a dry run.`,
    );
  }
  const started = await bulkMoves.start(move, filter, {
    actor: ACTOR,
    ...(note !== undefined && { note }),
    ...(rate !== undefined && { perSecond: rate }),
  });
  const hostRuns = await hasRunningHost(installation.database, installation.lease.now());
  if (json) return printJson({ ...started, hostRuns });
  printLine(`Bulk move ${started.id} was started: ${move} of ${countText(work, started.total)}.`);
  printLine(hostRuns ? 'A running host makes it.' : 'No host runs: it is made when one starts.');
  printLine(`See how far it is: ${ownCommand(`${work.nouns} bulk show ${started.id}`, options.config)}`);
}

function printBulk(bulk: BulkMove, { json }: JsonOption): void {
  if (json) return printJson(bulk);
  printRows([bulkRow(bulk)], { none: '' });
}

function bulkRow({ filter, ...bulk }: BulkMove): Row {
  return {
    id: bulk.id,
    move: bulk.move,
    state: bulk.state,
    moved: `${bulk.moved} of ${bulk.total}`,
    skipped: bulk.skipped,
    'per second': bulk.perSecond,
    started: timeText(bulk.startedAt),
    ended: timeText(bulk.finishedAt),
    by: bulk.actor,
    filter: JSON.stringify(filter),
    note: bulk.note,
    failure: bulk.failure,
  };
}

const countText = ({ noun, nouns }: Pick<OperatedCommands, 'noun' | 'nouns'>, count: number) =>
  count === 1 ? `1 ${noun}` : `${count} ${nouns}`;

function parseRate(text: string): number {
  const rate = Number(text);
  if (!Number.isInteger(rate) || rate < 1 || rate > 100_000)
    throw new InvalidArgumentError('Give a whole number from 1 to 100000.');
  return rate;
}
