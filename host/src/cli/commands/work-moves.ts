import type { Command } from 'commander';
import { hasRunningHost, type Move, type MovedItem, type WorkFilter } from 'glue-core';
import type { Installation } from '../../installation.js';
import { movesOfWork, type OperatedCommands } from '../operated-work.js';
import { ACTOR } from '../own-command.js';
import { printJson, printLine } from '../print.js';
import { withInstallation, type CommonOptions } from '../with-installation.js';

interface MoveOptions extends CommonOptions {
  readonly json?: boolean;
  readonly note?: string;
}

/** `glue events retry | … <id>`, `glue deliveries retry | … <id>` */
export function addMoves<Filter extends WorkFilter, Options>(
  group: Command,
  work: OperatedCommands<Filter, Options>,
): void {
  for (const move of movesOfWork(work))
    group
      .command(`${move} <id>`)
      .description(work.moves[move] ?? '')
      .option('--note <text>', `why; kept in the audit log, and at ${articled(work.noun)} that ends by it`)
      .option('--json', 'as JSON')
      .action(async (id: string, _, command: Command) => {
        const options = command.optsWithGlobals<MoveOptions>();
        await withInstallation(options, (installation) => moveItem(installation, work, id, move, options));
      });
}

async function moveItem<Filter extends WorkFilter, Options>(
  installation: Installation,
  work: OperatedCommands<Filter, Options>,
  id: string,
  move: Move,
  { note, json }: MoveOptions,
): Promise<void> {
  const reason = { actor: ACTOR, ...(note !== undefined && { note }) };
  const moved = await work.sideOf(installation).moves.move(id, move, reason);
  const { database, lease } = installation;
  const hostRuns = await hasRunningHost(database, lease.now());
  if (json) {
    const { from, replayId } = moved;
    return printJson({ id, move, from, ...(replayId !== undefined && { replayId }), hostRuns });
  }
  for (const line of tellMove(work.noun, moved, move, hostRuns)) printLine(line);
}

function tellMove(
  noun: OperatedCommands['noun'],
  { id, from, replayId }: MovedItem,
  move: Move,
  hostRuns: boolean,
): string[] {
  const it = `${noun === 'event' ? 'Event' : 'Delivery'} ${id}`;
  const next = hostRuns
    ? 'A running host takes it up within a second.'
    : 'No host runs: it is taken up when one starts.';
  switch (move) {
    case 'retry':
      return [`${it}, which was ${from}, is due now.`, next];
    case 'replay':
      return [`${it}, which is ${from}, is done again as ${noun} ${replayId}.`, next];
    case 'queue':
      return [`${it}, which was a draft, is queued.`, next];
    case 'dead-letter':
      return [`${it}, which was ${from}, is a dead letter.`];
    case 'cancel':
      return [`${it}, which was ${from}, is canceled.`];
  }
}

const articled = (noun: OperatedCommands['noun']) => (noun === 'event' ? 'an event' : 'a delivery');
