import { dialectOf, type Database } from '../database/database.js';
import { rowsOf } from '../database/database-time.js';
import { inTransaction } from '../database/in-transaction.js';
import { lanesSql } from './waiting-lanes.js';
import { PHASE, type WorkTable } from './work-table.js';

/** Hosts' ideas of the shared time differ by some milliseconds. */
const SLACK_MS = 1_000;
/** Items per transaction. */
const BATCH = 500;

/**
 * Gives waiting work that was dated in a time that is still to come, since the database's clock was set back, a date of
 * now: it falls due after the same delay, instead of that and however far the clock was set. What is to be sent at a
 * time that somebody named has no date, and waits for that time. Done twice it changes nothing.
 * @returns how many items were given a new date
 */
export async function redateWork(database: Database, table: WorkTable, nowMs: number): Promise<number> {
  let redated = 0;
  for (let batch = BATCH; batch === BATCH; redated += batch)
    batch = await redateBatch(database, table, nowMs);
  return redated;
}

async function redateBatch(database: Database, { items }: WorkTable, nowMs: number): Promise<number> {
  const parts = Object.values(PHASE).map(
    (phase) => `SELECT item.id FROM lanes JOIN ${items} AS item ON item.endpoint_id = lanes.lane
      WHERE item.phase = ${phase} AND item.due_at > ? AND item.dated_at > ?`,
  );
  const answer: unknown = await database.raw(
    `${lanesSql[dialectOf(database)](items)} ${parts.join(' UNION ALL ')} LIMIT ${BATCH}`,
    parts.flatMap(() => [nowMs, nowMs + SLACK_MS]),
  );
  const ids = rowsOf<{ id: string }>(answer).map(({ id }) => id);
  if (ids.length === 0) return 0;
  // `dated_at` is set last: MySQL uses a value set further left, SQLite the old one.
  await inTransaction(database, (trx) =>
    trx.raw(
      `UPDATE ${items} SET due_at = ? + due_at - dated_at, dated_at = ?
       WHERE id IN (${ids.map(() => '?').join(',')}) AND phase IS NOT NULL AND dated_at > ?`,
      [nowMs, nowMs, ...ids, nowMs + SLACK_MS],
    ),
  );
  return ids.length;
}
