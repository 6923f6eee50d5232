import type { Command } from 'commander';
import type { BulkMoves, Move, OperatorMoves, WorkFilter } from 'glue-core';
import type { Installation } from '../installation.js';

/** One kind of work, events or deliveries: how commands speak of it, reach it and filter it. */
export interface OperatedCommands<Filter extends WorkFilter = WorkFilter, Options = unknown> {
  readonly noun: 'event' | 'delivery';
  readonly nouns: 'events' | 'deliveries';
  /** What can be done with it, each in a sentence. */
  readonly moves: Readonly<Partial<Record<Move, string>>>;
  /** @throws GLUE_SIDE_ABSENT */
  sideOf(installation: Installation): {
    readonly moves: OperatorMoves;
    readonly bulkMoves: BulkMoves<Filter>;
  };
  /** Adds the options of its filter to a command. */
  addFilter(command: Command): Command;
  /** @throws GLUE_SIDE_ABSENT, GLUE_ENDPOINT_NOT_FOUND, GLUE_BACKEND_REFERENCE_INVALID */
  filterOf(options: Options, installation: Installation): Promise<Filter>;
}

/** The names of its moves, in the order in which help lists them. */
export function movesOfWork({ moves }: Pick<OperatedCommands, 'moves'>): Move[] {
  return Object.keys(moves) as Move[];
}
