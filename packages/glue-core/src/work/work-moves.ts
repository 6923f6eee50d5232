import type { WorkState } from './work-table.js';

/** What an operator can do with an item; the words of the CLI. Only a draft can be queued, so no event is. */
export const MOVES = ['retry', 'dead-letter', 'cancel', 'queue', 'replay'] as const;
export type Move = (typeof MOVES)[number];

/** From where an item may be moved. What is being tried is nobody's to move until its attempt ends. */
const movesFrom: Readonly<Record<WorkState, readonly Move[]>> = {
  received: ['dead-letter', 'cancel'],
  draft: ['cancel', 'queue'],
  queued: ['dead-letter', 'cancel'],
  held: ['dead-letter', 'cancel'],
  processing: [],
  retrying: ['retry', 'dead-letter', 'cancel'],
  done: ['replay'],
  dead_letter: ['retry', 'replay'],
  canceled: ['replay'],
};

/** What can be done with an item that is in a state. */
export function movesOf(state: WorkState): readonly Move[] {
  return movesFrom[state];
}

/** The states that a move starts from. */
export function statesFor(move: Move): WorkState[] {
  const states = Object.keys(movesFrom) as WorkState[];
  return states.filter((state) => movesFrom[state].includes(move));
}
