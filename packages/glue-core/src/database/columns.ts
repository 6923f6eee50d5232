import type { Knex } from 'knex';
import type { Transaction } from './database.js';

type TableBuilder = Knex.CreateTableBuilder;

/**
 * Makes a table as one migration. MySQL commits at every schema change, so a host that died halfway may have
 * left a table that nobody has used yet, the migration not being recorded: it is made afresh.
 */
export async function createTable(
  trx: Transaction,
  name: string,
  build: (table: TableBuilder) => void,
): Promise<void> {
  await trx.schema.dropTableIfExists(name);
  await trx.schema.createTable(name, build);
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
