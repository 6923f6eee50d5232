import { dialectOf, type Database, type Transaction } from '../database/database.js';
import { rowsOf } from '../database/database-time.js';
import { inTransaction } from '../database/in-transaction.js';
import { PHASE, type WorkTable } from './work-table.js';

/** So few that wait behind others of their ordering key are left where they are: looking at them costs less. */
const FEW = 32;
/** Items that are blocked in one transaction. */
const BATCH = 1_000;

interface Candidate {
  id: string;
  /** The earliest open item of its key. */
  front: string;
}

/**
 * Takes due items that wait behind another of their ordering key out of the claims' way: each claim would look at every
 * one of them, and a long backlog of one key would make each claim slow. Whoever ends the one in front frees the next,
 * in the transaction that ends it (`freeFronts`). The front is locked meanwhile, so that it cannot end unseen.
 * @returns whether there may be more
 */
export async function blockWork(
  database: Database,
  table: WorkTable,
  lane: number,
  nowMs: number,
): Promise<boolean> {
  const found = rowsOf<Candidate>(await database.raw(waitingBehindSql(table), [lane, nowMs]));
  if (found.length < FEW) return false;
  await inTransaction(database, async (trx) => {
    const open = await lockOpen(trx, table, [...new Set(found.map(({ front }) => front))]);
    const ids = found.filter(({ front }) => open.has(front)).map(({ id }) => id);
    await trx(table.items)
      .whereIn('id', ids)
      .whereIn('phase', [PHASE.first, PHASE.retry])
      .update({ phase: PHASE.blocked });
  });
  return found.length === BATCH;
}

/** For the tests that have it explained. */
export const waitingBehindSql = ({ items, order = 'id' }: WorkTable) => `
  SELECT item.id, (
    SELECT first.id FROM ${items} AS first
    WHERE first.endpoint_id = item.endpoint_id AND first.open_key = item.open_key
    ORDER BY first.turn LIMIT 1) AS front
  FROM ${items} AS item
  WHERE item.endpoint_id = ? AND item.phase IN (${PHASE.first}, ${PHASE.retry}) AND item.due_at <= ?
    AND item.open_key IS NOT NULL AND EXISTS (
      SELECT 1 FROM ${items} AS earlier
      WHERE earlier.endpoint_id = item.endpoint_id AND earlier.open_key = item.open_key AND earlier.turn < item.${order})
  LIMIT ${BATCH}`;

/** Those that are open still, locked. One that somebody ends at this moment is left out. */
async function lockOpen(
  trx: Transaction,
  { items }: WorkTable,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const locking = dialectOf(trx) === 'sqlite' ? '' : ' FOR UPDATE SKIP LOCKED';
  const answer: unknown = await trx.raw(
    `SELECT id FROM ${items} WHERE id IN (${ids.map(() => '?').join(',')}) AND open_key IS NOT NULL${locking}`,
    [...ids],
  );
  return new Set(rowsOf<{ id: string }>(answer).map(({ id }) => id));
}
