import {
  createTable,
  idColumn,
  keyColumn,
  longTextColumn,
  runSchemaStatement,
  timeColumn,
} from '../database/columns.js';
import type { Migration } from '../database/migration.js';
import type { SideName } from '../side/side-name.js';
import type { Move } from '../work/work-moves.js';

export const BULK_MOVES = 'glue_bulk_moves';

/** One bulk move, with how far it has got. Numbers of 64 bits may come as text from MySQL. */
export interface BulkMoveRow {
  id: string;
  side: SideName;
  move: Move;
  /** As JSON. */
  filter: string;
  state: 'running' | 'done' | 'canceled' | 'failed';
  actor: string;
  note: string | null;
  /** Why it failed; null otherwise. */
  failure: string | null;
  per_second: number | null;
  total: number | string;
  moved: number | string;
  /** Up to here, in the order of the items, all are looked at. */
  reached: string | null;
  started_at: number | string;
  /** When the next step may be made. */
  due_at: number | string;
  finished_at: number | string | null;
}

export const createBulkMoves: Migration = {
  name: 'core-006-bulk-moves',
  up: (trx) =>
    createTable(trx, BULK_MOVES, (table) => {
      idColumn(table, 'id').primary();
      table.string('side', 16).notNullable();
      table.string('move', 16).notNullable();
      longTextColumn(table, 'filter').notNullable();
      table.string('state', 16).notNullable();
      keyColumn(table, 'actor').notNullable();
      longTextColumn(table, 'note');
      table.integer('per_second').unsigned();
      table.bigInteger('total').notNullable();
      table.bigInteger('moved').notNullable();
      idColumn(table, 'reached');
      timeColumn(table, 'started_at').notNullable();
      timeColumn(table, 'due_at').notNullable();
      timeColumn(table, 'finished_at');
      table.index(['state', 'side'], `${BULK_MOVES}_state`);
    }),
};

export const addBulkFailure: Migration = {
  name: 'core-009-bulk-failure',
  up: (trx) => runSchemaStatement(trx, `ALTER TABLE ${BULK_MOVES} ADD COLUMN failure LONGTEXT`),
};
