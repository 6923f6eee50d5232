import type { Database } from '../database/database.js';
import { inTransaction } from '../database/in-transaction.js';
import { inBatches, type Deleting } from './in-batches.js';

/** A table of rows that nothing refers to, each with an id, and an index on its time. */
export interface DatedTable {
  readonly table: string;
  readonly time: string;
}

const BATCH = 500;

type Row = Readonly<Record<string, unknown>> & { readonly id: string | number };

/** Deletes rows older than a time, Unix milliseconds, the oldest first. Any number of hosts may do it at once. */
export function deleteOldRows(
  database: Database,
  { table, time }: DatedTable,
  beforeMs: number,
  deleting: Deleting,
): Promise<number> {
  return inBatches(deleting, async () => {
    const old = await database<Row>(table).where(time, '<', beforeMs).orderBy(time).limit(BATCH).select('id');
    return deleteThem(database, table, old);
  });
}

/** Deletes the oldest rows of a table that holds more than it may. */
export function deleteOldestRows(
  database: Database,
  { table, time }: DatedTable,
  keep: number,
  deleting: Deleting,
): Promise<number> {
  return inBatches(deleting, async () => {
    const [found] = await database(table).count<{ count: number | string }[]>({ count: '*' });
    const excess = Number(found?.count ?? 0) - keep;
    if (excess <= 0) return undefined;
    const oldest = await database<Row>(table).orderBy(time).limit(Math.min(BATCH, excess)).select('id');
    return deleteThem(database, table, oldest);
  });
}

/** @returns undefined when there were none */
async function deleteThem(
  database: Database,
  table: string,
  rows: readonly Pick<Row, 'id'>[],
): Promise<number | undefined> {
  if (rows.length === 0) return undefined;
  const ids = rows.map(({ id }) => id);
  return inTransaction(database, (trx) => trx<Row>(table).whereIn('id', ids).delete());
}
