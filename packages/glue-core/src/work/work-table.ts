import type { Knex } from 'knex';
import { dialectOf, type Transaction } from '../database/database.js';
import {
  createTable,
  idColumn,
  keyColumn,
  longTextColumn,
  runSchemaStatement,
  timeColumn,
} from '../database/columns.js';

/** The tables of one queue: its items and the log of their attempts. */
export interface WorkTable {
  readonly items: string;
  readonly attempts: string;
  /** State of an item that was stored and never tried: `received` inbound, `queued` outbound. */
  readonly freshState: 'received' | 'queued';
  /** Column by which items of one ordering key follow each other. @defaultValue `id` */
  readonly order?: string;
}

/** Where a claimable item stands in its lane. First attempts are never behind retries. */
export const PHASE = { first: 0, retry: 1 } as const;
export type Phase = (typeof PHASE)[keyof typeof PHASE];

/** States that both sides share. A side adds its own fresh state, and outbound `draft` and `held`. */
export type WorkState =
  'received' | 'draft' | 'queued' | 'held' | 'processing' | 'retrying' | 'done' | 'dead_letter' | 'canceled';

/**
 * The columns by which an item is the queue of record. `phase` is null while nobody may claim the item
 * (processing, held or finished), so the claim index holds only waiting work in front of everything else.
 * `open_key` equals the ordering key until the item is finished: an item waits for every earlier open one.
 */
export function addWorkColumns(table: Knex.CreateTableBuilder): void {
  idColumn(table, 'id').primary();
  table.integer('endpoint_id').unsigned().notNullable();
  table.string('state', 16).notNullable();
  table.specificType('phase', 'smallint');
  timeColumn(table, 'due_at');
  table.bigInteger('owner').unsigned();
  table.integer('token').unsigned();
  table.integer('attempts').unsigned().notNullable().defaultTo(0);
  table.integer('failures').unsigned().notNullable().defaultTo(0);
  table.integer('takeovers').unsigned().notNullable().defaultTo(0);
  keyColumn(table, 'ordering_key');
  keyColumn(table, 'open_key');
  longTextColumn(table, 'note');
  timeColumn(table, 'finished_at');
}

/**
 * The indexes that claims, takeover and ordering need. Where the database can (SQLite), they hold only the rows they
 * are for, so that finished work costs nothing; on MySQL finished rows lie together under null.
 */
export async function createWorkIndexes(trx: Transaction, { items, order = 'id' }: WorkTable): Promise<void> {
  const partial = (column: string) => (dialectOf(trx) === 'sqlite' ? ` WHERE ${column} IS NOT NULL` : '');
  await runSchemaStatement(
    trx,
    `CREATE INDEX ${items}_claim ON ${items} (endpoint_id, phase, due_at, id)${partial('phase')}`,
  );
  await runSchemaStatement(trx, `CREATE INDEX ${items}_owner ON ${items} (owner)${partial('owner')}`);
  await runSchemaStatement(
    trx,
    `CREATE INDEX ${items}_order ON ${items} (endpoint_id, open_key, ${order})${partial('open_key')}`,
  );
}

/** The log of attempts: numbered, unique; a side adds its own columns. */
export async function createAttemptTable(
  trx: Transaction,
  { attempts }: WorkTable,
  addSideColumns: (table: Knex.CreateTableBuilder) => void = () => {},
): Promise<void> {
  await createTable(trx, attempts, (table) => {
    idColumn(table, 'item_id').notNullable();
    table.integer('number').unsigned().notNullable();
    timeColumn(table, 'started_at').notNullable();
    timeColumn(table, 'ended_at').notNullable();
    table.string('outcome', 16).notNullable();
    table.string('cause', 32);
    longTextColumn(table, 'note');
    longTextColumn(table, 'error');
    table.bigInteger('owner').unsigned();
    addSideColumns(table);
    table.primary(['item_id', 'number']);
  });
}
