import { rowsOf, type Database } from 'glue-core';

/** All that migrations make: columns, indexes, and the rows that lie in the tables. */
export interface Schema {
  readonly columns: readonly object[];
  readonly indexes: readonly object[];
  readonly rows: Readonly<Record<string, readonly object[]>>;
}

/** What a MySQL database consists of, but for the record of its migrations. */
export async function schemaOf(database: Database): Promise<Schema> {
  const columns = rowsOf<{ TABLE_NAME: string }>(
    await database.raw(
      `SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, COLLATION_NAME, EXTRA
       FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY TABLE_NAME, ORDINAL_POSITION`,
    ),
  );
  const indexes = rowsOf<object>(
    await database.raw(
      `SELECT TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX, COLUMN_NAME, NON_UNIQUE
       FROM information_schema.statistics WHERE table_schema = DATABASE() ORDER BY 1, 2, 3`,
    ),
  );
  const tables = new Set(columns.map(({ TABLE_NAME }) => TABLE_NAME));
  tables.delete('glue_migrations');
  const rows = await Promise.all(
    [...tables].map(async (name): Promise<[string, object[]]> => [name, await database(name)]),
  );
  return { columns, indexes, rows: Object.fromEntries(rows) };
}
