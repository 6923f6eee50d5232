import type { Knex } from 'knex';
import { dialectOf, type Transaction } from '../database/database.js';
import { rowsOf } from '../database/database-time.js';
import {
  createTable,
  dropIndex,
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

/**
 * Where waiting work stands in its lane: first attempts are never behind retries. What is blocked waits behind another
 * of its ordering key, what is held waits for whom it is for; no claim looks at either until it is freed.
 */
export const PHASE = { first: 0, retry: 1, blocked: 2, held: 3 } as const;
export type Phase = (typeof PHASE)[keyof typeof PHASE];

/** States that both sides share. A side adds its own fresh state, and outbound `draft` and `held`. */
export const WORK_STATES = [
  'received',
  'draft',
  'queued',
  'held',
  'processing',
  'retrying',
  'done',
  'dead_letter',
  'canceled',
] as const;
export type WorkState = (typeof WORK_STATES)[number];

/**
 * The columns by which an item is the queue of record. `phase` is null while nobody may claim the item
 * (processing, a draft or finished), so the claim index holds only waiting work in front of everything else.
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

/**
 * The turn of an item among those of its open ordering key: its place in their order, or '' while a host owns it. It is
 * unique, so the database itself sees to it that no two of a key are under way, whatever is committed when and on
 * which node of a cluster; and '' comes before everything, so that what is under way is in front of what waits. It is
 * worked out from the other columns: whoever gives an item up need not think of it.
 */
export async function addTurns(trx: Transaction, { items, order = 'id' }: WorkTable): Promise<void> {
  const isSqlite = dialectOf(trx) === 'sqlite';
  // SQLite adds no stored column; MariaDB keeps indexes of virtual ones with more trouble than of stored ones.
  const [type, kind, partial] = isSqlite
    ? ['varchar(36)', 'VIRTUAL', ' WHERE open_key IS NOT NULL']
    : ['varchar(36) CHARACTER SET ascii COLLATE ascii_bin', 'STORED', ''];
  // RTRIM: what MariaDB gives for a CHAR depends on the session's sql_mode.
  await runSchemaStatement(
    trx,
    `ALTER TABLE ${items} ADD COLUMN turn ${type} GENERATED ALWAYS AS
     (CASE WHEN open_key IS NULL THEN NULL WHEN owner IS NULL THEN RTRIM(${order}) ELSE '' END) ${kind}`,
  );
  await letGoOfDoubles(trx, items);
  await runSchemaStatement(
    trx,
    `CREATE UNIQUE INDEX ${items}_turn ON ${items} (endpoint_id, open_key, turn)${partial}`,
  );
  await dropIndex(trx, items, `${items}_order`);
}

/**
 * When the due time of an item was worked out, where it counts from then: set with `due_at` by whoever sets it. Null
 * where an item waits for a time that somebody named. By it is seen what was dated before the database's clock was set
 * back (`redateWork`).
 */
export function addDates(trx: Transaction, { items }: WorkTable): Promise<void> {
  return runSchemaStatement(trx, `ALTER TABLE ${items} ADD COLUMN dated_at BIGINT`);
}

/** What ran beside another of its key before this held: it ends by itself, and nothing waits for it any more. */
async function letGoOfDoubles(trx: Transaction, items: string): Promise<void> {
  const doubles: unknown = await trx.raw(
    `SELECT item.id FROM ${items} AS item JOIN ${items} AS other
     ON other.endpoint_id = item.endpoint_id AND other.open_key = item.open_key AND other.id < item.id
     WHERE item.owner IS NOT NULL AND other.owner IS NOT NULL`,
  );
  const ids = rowsOf<{ id: string }>(doubles).map(({ id }) => id);
  if (ids.length > 0) await trx(items).whereIn('id', ids).update({ open_key: null });
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
