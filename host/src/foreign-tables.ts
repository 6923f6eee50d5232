import { dialectOf, rowsOf, type Database } from 'glue-core';

/**
 * Tables of another program in a SQLite file that Glue has not used yet: most likely the file was named by mistake. On a
 * server databases are made for a purpose, and an app may share its own with Glue by mounting a side.
 * @returns none where Glue's tables are there too
 */
export async function foreignTables(database: Database): Promise<readonly string[]> {
  if (dialectOf(database) !== 'sqlite') return [];
  const answer: unknown = await database.raw(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
  );
  const names = rowsOf<{ name: string }>(answer).map(({ name }) => name);
  return names.some((name) => name.startsWith('glue_')) ? [] : names;
}
