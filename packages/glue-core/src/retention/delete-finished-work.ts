import type { Database } from '../database/database.js';
import { inTransaction } from '../database/in-transaction.js';
import type { WorkTable } from '../work/work-table.js';
import { inBatches, type Deleting } from './in-batches.js';

/** The items of a queue, and what lies beside them. */
export interface FinishedWork {
  readonly table: WorkTable;
  /** The column with the time that an item arrived. */
  readonly arrivedAt: string;
  /** Tables that belong to the items, each by the column with the item's id. */
  readonly beside: Readonly<Record<string, string>>;
}

/** Items that are looked at in one statement, and that are deleted in one transaction. */
const WINDOW = 1_000;
const BATCH = 100;

interface Row {
  id: string;
  key: string;
  arrived: number | string;
  finished_at: number | string | null;
  open_key: string | null;
}

/**
 * Deletes items that were finished before a time, Unix milliseconds, with their attempts and all that lies beside
 * them. What is not finished is not touched, nor is a dead letter that keeps later items of its ordering key waiting.
 * Goes through the items in the order in which they arrived, so it needs no index of its own, and stops at the first
 * that arrived too late. Any number of hosts may do it at once.
 */
export async function deleteFinishedWork(
  database: Database,
  work: FinishedWork,
  beforeMs: number,
  deleting: Deleting,
): Promise<number> {
  let after: string | undefined;
  let old: string[] = [];
  return inBatches(deleting, async () => {
    while (old.length === 0) {
      const window = await oldestItems(database, work, after);
      old = window.filter((row) => isOld(row, beforeMs)).map(({ id }) => id);
      const last = window.at(-1);
      if (!last) return undefined;
      after = last.key;
      if (old.length === 0 && Number(last.arrived) >= beforeMs) return undefined;
    }
    return deleteItems(database, work, old.splice(0, BATCH), beforeMs);
  });
}

async function oldestItems(
  database: Database,
  { table: { items, order = 'id' }, arrivedAt }: FinishedWork,
  after: string | undefined,
): Promise<Row[]> {
  const query = database(items).orderBy(order).limit(WINDOW);
  if (after !== undefined) void query.where(order, '>', after);
  return query.select<Row[]>('id', 'finished_at', 'open_key', { key: order, arrived: arrivedAt });
}

function isOld({ finished_at, open_key }: Row, beforeMs: number): boolean {
  return finished_at !== null && Number(finished_at) < beforeMs && open_key === null;
}

/** Locks them first: an operator may have them tried again at this moment. */
function deleteItems(
  database: Database,
  { table: { items, attempts }, beside }: FinishedWork,
  ids: readonly string[],
  beforeMs: number,
): Promise<number> {
  return inTransaction(database, async (trx) => {
    const old = await trx<Row>(items)
      .whereIn('id', ids)
      .where('finished_at', '<', beforeMs)
      .whereNull('open_key')
      .forUpdate()
      .select('id');
    const oldIds = old.map(({ id }) => id);
    for (const [table, column] of Object.entries({ ...beside, [attempts]: 'item_id' }))
      await trx(table).whereIn(column, oldIds).delete();
    return trx(items).whereIn('id', oldIds).delete();
  });
}
