import type { Transaction } from './database.js';
import { PREPARED } from './prepared-statements.js';

export type ColumnValue = string | number | Buffer | null;

export interface RowShape {
  readonly table: string;
  readonly columns: readonly string[];
  /** For rows that hold bytes and come in groups of few sizes: each size is a statement of its own on the server. */
  readonly isPrepared?: boolean;
}

/** Inserts rows in one statement, written by hand: knex's builder would cost a third of the time of an insert. */
export async function insertRows(
  trx: Transaction,
  { table, columns, isPrepared = false }: RowShape,
  rows: readonly (readonly ColumnValue[])[],
): Promise<void> {
  const holes = `(${columns.map(() => '?').join(',')})`;
  const sql = `INSERT INTO ${table} (${columns.join(',')}) VALUES ${rows.map(() => holes).join(',')}`;
  await trx.raw(sql, rows.flat()).options(isPrepared ? PREPARED : {});
}
