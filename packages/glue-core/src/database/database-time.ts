import { dialectOf, type Database } from './database.js';

/** MySQL: from UTC, since UNIX_TIMESTAMP(NOW()) is an hour off when the server's summer time ends. */
const nowSql = {
  sqlite: "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now",
  mysql: "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000 AS now",
} as const;

/** The database's own time in Unix milliseconds: the one clock that all hosts share. */
export async function databaseNow(database: Database): Promise<number> {
  const rows: unknown = await database.raw(nowSql[dialectOf(database)]);
  const [first] = rowsOf<{ now: number }>(rows);
  if (!first) throw new Error('the database gave no time');
  return Number(first.now);
}

/** The rows of a raw select: mysql2 wraps them with field descriptions, better-sqlite3 does not. */
export function rowsOf<Row>(answer: unknown): Row[] {
  if (!Array.isArray(answer)) return [];
  return (Array.isArray(answer[0]) ? answer[0] : answer) as Row[];
}

/** How many rows a raw update or delete changed. */
export function affectedOf(answer: unknown): number {
  const result = (Array.isArray(answer) ? answer[0] : answer) as
    { affectedRows?: number; changes?: number } | undefined;
  return result?.affectedRows ?? result?.changes ?? 0;
}
