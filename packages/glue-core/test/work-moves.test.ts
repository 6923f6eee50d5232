import { describe, expect, it, test } from '@jest/globals';
import { MOVES, movesOf, statesFor } from '../src/work/work-moves.js';

describe('the moves of operators', () => {
  test.each([
    ['received', ['dead-letter', 'cancel']],
    ['draft', ['cancel', 'queue']],
    ['queued', ['dead-letter', 'cancel']],
    ['held', ['dead-letter', 'cancel']],
    ['processing', []],
    ['retrying', ['retry', 'dead-letter', 'cancel']],
    ['done', ['replay']],
    ['dead_letter', ['retry', 'replay']],
    ['canceled', ['replay']],
  ] as const)('from %s are %p', (state, moves) => {
    expect(movesOf(state)).toEqual(moves);
  });

  it('are told for a state as for a move', () => {
    for (const move of MOVES) for (const state of statesFor(move)) expect(movesOf(state)).toContain(move);
    expect(statesFor('retry')).toEqual(['retrying', 'dead_letter']);
    expect(statesFor('queue')).toEqual(['draft']);
    expect(statesFor('replay')).toEqual(['done', 'dead_letter', 'canceled']);
  });
});
