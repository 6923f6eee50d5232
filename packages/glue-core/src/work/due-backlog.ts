import type { Database } from '../database/database.js';
import { rowsOf } from '../database/database-time.js';
import { PHASE, type WorkTable } from './work-table.js';

/** What of a lane fell due by a time, in milliseconds of the shared time. */
export interface DueBy {
  readonly lane: number;
  readonly dueByMs: number;
}

/**
 * What fell due by a time and goes on by itself: behind a dead letter that blocks its ordering key, or behind a retry
 * that is not due, it does not. For the tests that have it explained.
 */
export const dueBacklogSql = ({ items }: WorkTable) => `
  SELECT COUNT(*) AS count FROM (
    SELECT 1 AS one FROM ${items} AS item
    WHERE endpoint_id = ? AND phase IN (${PHASE.first}, ${PHASE.retry}, ${PHASE.blocked}) AND due_at <= ?
      AND (open_key IS NULL OR (
        SELECT front.state = 'processing' OR (front.phase IS NOT NULL AND front.due_at <= ?)
        FROM ${items} AS front
        WHERE front.endpoint_id = item.endpoint_id AND front.open_key = item.open_key
        ORDER BY front.turn LIMIT 1))
    LIMIT ?) AS due`;

/**
 * How many waiting items of a lane fell due by a time and go on by themselves.
 * @param atMost - no more are counted
 */
export async function dueBacklog(
  database: Database,
  table: WorkTable,
  { lane, dueByMs }: DueBy,
  atMost: number,
): Promise<number> {
  return countIn(await database.raw(dueBacklogSql(table), [lane, dueByMs, dueByMs, atMost]));
}

/** For the tests that have it explained. */
export const waitingSinceSql = ({ items }: WorkTable) => `
  SELECT COUNT(*) AS count FROM ${items}
  WHERE endpoint_id = ? AND phase IN (${PHASE.first}, ${PHASE.retry}, ${PHASE.blocked}) AND due_at <= ?`;

/** How many items of a lane fell due by a time and wait, whatever for. Looks at the index alone, but at each. */
export async function countWaiting(
  database: Database,
  table: WorkTable,
  { lane, dueByMs }: DueBy,
): Promise<number> {
  return countIn(await database.raw(waitingSinceSql(table), [lane, dueByMs]));
}

const countIn = (answer: unknown): number => Number(rowsOf<{ count: number | string }>(answer)[0]?.count);
