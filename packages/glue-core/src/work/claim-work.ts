import { dialectOf, type Database } from '../database/database.js';
import { rowsOf } from '../database/database-time.js';
import { MAY_BE_FORGOTTEN } from '../database/flush-commits.js';
import { inTransaction, runAgain } from '../database/in-transaction.js';
import type { Phase, WorkTable } from './work-table.js';

/** A claimed item: who holds it and by which fencing token. */
export interface ClaimedRow {
  readonly id: string;
  readonly endpointId: number;
  /** Number of the attempt that this claim is for. */
  readonly attempts: number;
  /** Failures so far that used up a retry. */
  readonly failures: number;
  /** Hosts that were lost while they worked on it, with no result between. */
  readonly takeovers: number;
  readonly owner: number;
  readonly token: number;
  /** The ordering key whose later items wait for this one. */
  readonly openKey: string | undefined;
}

export interface ClaimRequest {
  readonly lane: number;
  readonly phase: Phase;
  readonly nowMs: number;
  readonly limit: number;
  readonly owner: number;
  readonly token: number;
}

interface Row {
  id: string;
  due_at: number;
  attempts: number;
  failures: number;
  takeovers: number;
  open_key: string | null;
}

/**
 * Of an ordering key only the front, which is the one that is under way if there is one. Served by the claim index in
 * ORDER BY order, so a claimer locks only what it takes. For the tests that have it explained.
 */
export const dueWorkSql = ({ items, order = 'id' }: WorkTable) => `
  SELECT id, due_at, attempts + 1 AS attempts, failures, takeovers, open_key FROM ${items} AS item
  WHERE endpoint_id = ? AND phase = ? AND due_at <= ?
    AND (open_key IS NULL OR NOT EXISTS (
      SELECT 1 FROM ${items} AS earlier
      WHERE earlier.endpoint_id = item.endpoint_id AND earlier.open_key = item.open_key AND earlier.turn < item.${order}))
  ORDER BY due_at, id LIMIT ?`;

const take = "state = 'processing', phase = NULL, owner = ?, token = ?, attempts = attempts + 1";

/**
 * Claims up to `limit` due items of one lane and phase, oldest due first. What only seemed to be the front of its
 * ordering key, since another was stored or claimed at the same moment, the database itself refuses (`addTurns`)
 * and it waits.
 */
export async function claimWork(
  database: Database,
  table: WorkTable,
  request: ClaimRequest,
): Promise<ClaimedRow[]> {
  const rows =
    dialectOf(database) === 'sqlite'
      ? await claimSqlite(database, table, request)
      : await claimMysql(database, table, request);
  const { lane: endpointId, owner, token } = request;
  return rows.map(({ id, attempts, failures, takeovers, open_key: openKey }) => ({
    id,
    endpointId,
    attempts,
    failures,
    takeovers,
    owner,
    token,
    openKey: openKey ?? undefined,
  }));
}

async function claimSqlite(database: Database, table: WorkTable, request: ClaimRequest): Promise<Row[]> {
  const { items } = table;
  const { lane, phase, nowMs, limit, owner, token } = request;
  const rows: unknown = await runAgain(() =>
    database.raw<unknown>(
      `UPDATE OR IGNORE ${items} SET ${take} WHERE id IN (SELECT id FROM (${dueWorkSql(table)})) RETURNING id, due_at, attempts, failures, takeovers, open_key ${MAY_BE_FORGOTTEN}`,
      [owner, token, lane, phase, nowMs, limit],
    ),
  );
  return rowsOf<Row>(rows).sort((a, b) => a.due_at - b.due_at || (a.id < b.id ? -1 : 1));
}

function claimMysql(database: Database, table: WorkTable, request: ClaimRequest): Promise<Row[]> {
  const { items } = table;
  const { lane, phase, nowMs, limit, owner, token } = request;
  return inTransaction(database, async (trx) => {
    const rows = rowsOf<Row>(
      await trx.raw(`${dueWorkSql(table)} FOR UPDATE SKIP LOCKED`, [lane, phase, nowMs, limit]),
    );
    if (rows.length === 0) return rows;
    const ids = rows.map(({ id }) => id);
    const those = `id IN (${ids.map(() => '?').join(',')})`;
    await trx.raw(`UPDATE IGNORE ${items} SET ${take} WHERE ${those}`, [owner, token, ...ids]);
    if (rows.every(({ open_key }) => open_key === null)) return rows;
    const answer: unknown = await trx.raw(
      `SELECT id FROM ${items} WHERE ${those} AND owner = ? AND token = ?`,
      [...ids, owner, token],
    );
    const taken = new Set(rowsOf<{ id: string }>(answer).map(({ id }) => id));
    return rows.filter(({ id }) => taken.has(id));
  });
}

/** When the next item of a lane falls due; undefined when none waits. */
export async function nextDueAt(
  database: Database,
  { items }: WorkTable,
  lane: number,
): Promise<number | undefined> {
  const answer: unknown = await database.raw(
    `SELECT MIN(due_at) AS due_at FROM (
       SELECT MIN(due_at) AS due_at FROM ${items} WHERE endpoint_id = ? AND phase = 0
       UNION ALL SELECT MIN(due_at) AS due_at FROM ${items} WHERE endpoint_id = ? AND phase = 1) AS waiting`,
    [lane, lane],
  );
  const at = rowsOf<{ due_at: number | null }>(answer)[0]?.due_at;
  return at === null || at === undefined ? undefined : Number(at);
}
