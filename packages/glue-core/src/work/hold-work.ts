import type { Database } from '../database/database.js';
import { inTransaction } from '../database/in-transaction.js';
import type { ClaimedRow } from './claim-work.js';
import { PHASE, type WorkTable } from './work-table.js';

/**
 * Why an item cannot be tried now although its lane can: whom it is for is not there. It waits, without an attempt, until
 * its side frees it (`freeHeld` of the work source).
 */
export class Held {
  constructor(readonly reason: string) {}
}

/** A claimed item that is to wait. */
export interface HeldRow {
  readonly row: ClaimedRow;
  readonly reason: string;
}

/** Longest reason that is kept. */
const NOTE_LENGTH = 500;

/**
 * Gives claimed items back that are to wait, out of the way of claims, with the reason as their note; their attempt number
 * is free again, and later items of their ordering keys wait for them.
 * `attempts` is set last: MySQL uses a value set further left, SQLite the old one.
 */
export async function holdWork(
  database: Database,
  { items, freshState }: WorkTable,
  held: readonly HeldRow[],
): Promise<void> {
  const alike = Map.groupBy(held, ({ row, reason }) => `${row.owner},${row.token},${reason}`);
  await inTransaction(database, async (trx) => {
    for (const [first, ...others] of alike.values()) {
      if (!first) continue;
      const ids = [first, ...others].map(({ row }) => row.id);
      await trx.raw(
        `UPDATE ${items}
         SET owner = NULL, token = NULL, phase = ${PHASE.held}, note = ?,
             state = CASE WHEN attempts <= 1 THEN ? ELSE 'retrying' END,
             attempts = attempts - 1
         WHERE id IN (${ids.map(() => '?').join(',')}) AND owner = ? AND token = ?`,
        [`held: ${first.reason}`.slice(0, NOTE_LENGTH), freshState, ...ids, first.row.owner, first.row.token],
      );
    }
  });
}

/** Items that are freed in one transaction. */
const BATCH = 500;

/**
 * Makes items that are held claimable again.
 * @param where - columns of the side, by which those that can be tried again are told apart
 * @returns how many
 */
export async function freeHeld(
  database: Database,
  { items }: WorkTable,
  where: Readonly<Record<string, string | number | null>>,
): Promise<number> {
  let freed = 0;
  for (let batch = BATCH; batch === BATCH; freed += batch) {
    batch = await inTransaction(database, async (trx) => {
      const held = () =>
        trx<{ id: string; phase: number; note: string | null }>(items).where({ phase: PHASE.held });
      const ids = await held().where(where).limit(BATCH).pluck<string[]>('id');
      if (ids.length === 0) return 0;
      await held()
        .whereIn('id', ids)
        .update({
          phase: trx.raw(`CASE WHEN attempts = 0 THEN ${PHASE.first} ELSE ${PHASE.retry} END`),
          note: null,
        });
      return ids.length;
    });
  }
  return freed;
}
