import type { Database, Transaction } from '../database/database.js';
import { rowsOf } from '../database/database-time.js';
import { inTransaction } from '../database/in-transaction.js';
import { PHASE, type Phase, type WorkTable } from './work-table.js';

/** An ordering key of a lane. */
export interface LaneKey {
  readonly lane: number;
  readonly key: string;
}

/** Keys that are looked up in one statement; SQLite takes no more than 500 parts. */
const GROUP = 200;

/**
 * Makes the earliest open item of each ordering key claimable where it is blocked, unless another of its key is under
 * way: one that was tried again by hand may be in front of it. In the transaction that ended, or added, items of the
 * keys; so whatever happens to a host, none is forgotten.
 * @param phase - where they stand then. @defaultValue by whether they were tried
 * @returns how many were freed
 */
export async function freeFronts(
  trx: Transaction,
  table: WorkTable,
  keys: readonly LaneKey[],
  phase?: Phase,
): Promise<number> {
  if (keys.length === 0 || !(await hasBlocked(trx, table, keys))) return 0;
  const free: string[] = [];
  for (let first = 0; first < keys.length; first += GROUP)
    free.push(...(await blockedFronts(trx, table, keys.slice(first, first + GROUP))));
  if (free.length === 0) return 0;
  return trx<{ id: string; phase: number }>(table.items)
    .whereIn('id', free)
    .where({ phase: PHASE.blocked })
    .update({
      phase: phase ?? trx.raw(`CASE WHEN attempts = 0 THEN ${PHASE.first} ELSE ${PHASE.retry} END`),
    });
}

/** Frees what is in front of the keys of a lane and blocked nevertheless, should somebody have forgotten it. */
export function freeLane(database: Database, table: WorkTable, lane: number): Promise<number> {
  const { items } = table;
  return inTransaction(database, async (trx) => {
    const answer: unknown = await trx.raw(
      `SELECT item.open_key AS \`key\` FROM (
         SELECT open_key, MIN(turn) AS turn FROM ${items}
         WHERE endpoint_id = ? AND open_key IS NOT NULL GROUP BY open_key) AS front
       JOIN ${items} AS item ON item.endpoint_id = ? AND item.open_key = front.open_key AND item.turn = front.turn
       WHERE item.phase = ${PHASE.blocked}`,
      [lane, lane],
    );
    const keys = rowsOf<{ key: string }>(answer).map(({ key }) => ({ lane, key }));
    return freeFronts(trx, table, keys);
  });
}

/** One quick look, since most lanes have no long backlog of one key. */
async function hasBlocked(
  trx: Transaction,
  { items }: WorkTable,
  keys: readonly LaneKey[],
): Promise<boolean> {
  const lanes = [...new Set(keys.map(({ lane }) => lane))];
  const blocked = await trx<{ id: string; endpoint_id: number; phase: number }>(items)
    .whereIn('endpoint_id', lanes)
    .where({ phase: PHASE.blocked })
    .first('id');
  return blocked !== undefined;
}

/** Of keys of which none is under way: that one would be in front. */
async function blockedFronts(
  trx: Transaction,
  { items }: WorkTable,
  keys: readonly LaneKey[],
): Promise<string[]> {
  const front = `SELECT id FROM (
    SELECT id, phase FROM ${items} WHERE endpoint_id = ? AND open_key = ? ORDER BY turn LIMIT 1) AS front
    WHERE phase = ${PHASE.blocked}`;
  const answer: unknown = await trx.raw(
    keys.map(() => front).join(' UNION ALL '),
    keys.flatMap(({ lane, key }) => [lane, key]),
  );
  return rowsOf<{ id: string }>(answer).map(({ id }) => id);
}
