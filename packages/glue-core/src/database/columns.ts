import type { Knex } from 'knex';
import { dialectOf, type Transaction } from './database.js';
import { isGoneAlready, isThereAlready } from './database-errors.js';

type TableBuilder = Knex.CreateTableBuilder;

/**
 * Makes a table with its indexes. On MySQL each statement commits by itself, so that a host which died halfway left a
 * part, and on a cluster a host on another node may make the same table at the same moment: what is there already is
 * left alone and the rest is added.
 */
export async function createTable(
  trx: Transaction,
  name: string,
  build: (table: TableBuilder) => void,
): Promise<void> {
  const statements = trx.schema.createTable(name, (table) => {
    // Else it would be the database's own default, which is latin1 on MariaDB up to 11.5.
    if (dialectOf(trx) === 'mysql') table.charset('utf8mb4');
    build(table);
  });
  for (const { sql } of statements.toSQL()) await runSchemaStatement(trx, sql);
}

/** Runs one statement that makes a table, column or index; content when it is there already. */
export async function runSchemaStatement(trx: Transaction, sql: string): Promise<void> {
  try {
    await trx.raw(sql);
  } catch (error) {
    if (!isThereAlready(error)) throw error;
  }
}

/** Drops an index; content when it is gone already. */
export async function dropIndex(trx: Transaction, table: string, index: string): Promise<void> {
  if (dialectOf(trx) === 'sqlite') {
    await trx.raw(`DROP INDEX IF EXISTS ${index}`);
    return;
  }
  try {
    await trx.raw(`DROP INDEX ${index} ON ${table}`);
  } catch (error) {
    if (!isGoneAlready(error)) throw error;
  }
}

/**
 * A text key that compares byte for byte on every database: MySQL's default collation would take
 * `A` and `a` for the same key.
 */
export function keyColumn(table: TableBuilder, name: string, length = 190): Knex.ColumnBuilder {
  return table.string(name, length).collate('utf8mb4_bin');
}

/** A UUID as text. */
export function idColumn(table: TableBuilder, name: string): Knex.ColumnBuilder {
  return table.specificType(name, 'char(36)').collate('ascii_bin');
}

/** Bytes of any length up to 4 GiB. */
export function bytesColumn(table: TableBuilder, name: string): Knex.ColumnBuilder {
  return table.specificType(name, 'longblob');
}

/** Text of any length, in which JSON is kept the same on every database; parsed at the wall of the store. */
export function longTextColumn(table: TableBuilder, name: string): Knex.ColumnBuilder {
  return table.text(name, 'longtext');
}

/** Unix milliseconds. Integers, since DATETIME truncates on MariaDB, rounds on MySQL and has no zone. */
export function timeColumn(table: TableBuilder, name: string): Knex.ColumnBuilder {
  return table.bigInteger(name);
}
