import { audit } from '../audit/audit-log.js';
import { announceChange } from '../change/change-feed.js';
import type { Database, Transaction } from '../database/database.js';
import { inTransaction } from '../database/in-transaction.js';
import { GlueError } from '../errors/glue-error.js';
import { movesOf, type Move } from '../work/work-moves.js';
import { PHASE, type WorkState } from '../work/work-table.js';
import { applyMove, type MovedItem } from './apply-move.js';
import type { MoveReason } from './move-note.js';
import type { OperatedWork } from './operated-work.js';

export interface OperatorMovesOptions {
  readonly database: Database;
  readonly work: OperatedWork;
  /** The shared time, Unix milliseconds. */
  readonly now: () => number;
  /** Tells the queue of this process that a lane has work, or a free ordering key. */
  readonly wake: (lane: number) => void;
}

/** What operators do with single items: guarded, audited, and seen at once by every host. */
export class OperatorMoves {
  constructor(private readonly options: OperatorMovesOptions) {}

  /**
   * Moves one item. A retry begins the retry policy anew; a replay is a new item, and what it repeats stays as it is.
   * @throws the side's "not found"; GLUE_WORK_STATE when the item is in a state from which the move does not start,
   *   also when it got there just before: by a host, or by another operator; GLUE_CONTENT_UNREADABLE by a replay
   */
  async move(id: string, move: Move, reason: MoveReason): Promise<MovedItem> {
    const { actor, note } = reason;
    const { database, work, now, wake } = this.options;
    const order = {
      move,
      ids: [id],
      place: { nowMs: now(), phase: PHASE.first },
      reason,
      rules: await work.rules(),
    };
    const moved = await inTransaction(database, async (trx) => {
      const { items, unreadable } = await applyMove(trx, work, order);
      if (unreadable[0]) throw unreadable[0];
      const [item] = items;
      if (!item) throw await this.#refusal(trx, id, move);
      const { from, replayId } = item;
      await audit(trx, {
        at: order.place.nowMs,
        actor,
        action: `${work.noun}.${move}`,
        subject: `${work.side} ${work.noun} ${id}`,
        detail: { from, ...(replayId !== undefined && { replayId }), ...(note !== undefined && { note }) },
      });
      await announceChange(trx, 'work');
      return item;
    });
    wake(moved.lane);
    return moved;
  }

  async #refusal(trx: Transaction, id: string, move: Move): Promise<GlueError> {
    const { noun, notFound, table } = this.options.work;
    const row = await trx<{ id: string; state: WorkState }>(table.items).where({ id }).first('state');
    if (!row) return new GlueError(notFound, `there is no ${noun} ${id}`);
    return new GlueError('GLUE_WORK_STATE', `${noun} ${id} ${refusalText(row.state, move)}`);
  }
}

function refusalText(state: WorkState, move: Move): string {
  const possible = movesOf(state);
  const way =
    possible.length > 0 ? `possible now: ${possible.join(', ')}` : 'wait until its attempt has ended';
  return `is ${state}, from where there is no ${move}; ${way}`;
}
