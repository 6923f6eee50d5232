import { audit } from '../audit/audit-log.js';
import type { Database } from '../database/database.js';
import { inTransaction } from '../database/in-transaction.js';
import { BULK_MOVES, type BulkMoveRow } from './bulk-move-table.js';
import type { OperatedWork } from './operated-work.js';

/** Gives a bulk move up, unless it is over; what it has moved stays so. @param failure - why, for operators */
export async function failBulkMove(
  database: Database,
  { side, noun }: OperatedWork,
  id: string,
  failure: string,
  nowMs: number,
): Promise<void> {
  await inTransaction(database, async (trx) => {
    const ended = await trx<BulkMoveRow>(BULK_MOVES)
      .where({ id, state: 'running' })
      .update({ state: 'failed', failure, finished_at: nowMs });
    if (ended === 0) return;
    await audit(trx, {
      at: nowMs,
      actor: 'glue',
      action: 'bulk-move.failed',
      subject: `${side} ${noun} bulk move ${id}`,
      detail: { failure },
    });
  });
}
