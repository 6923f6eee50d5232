import type { SqliteConfig } from './database-config.js';

/** The part of a better-sqlite3 connection that is set up here. */
interface SqliteConnection {
  pragma(text: string): unknown;
  prepare(sql: string): object;
}

/**
 * How long SQLite itself waits for another process that writes, in milliseconds. Nothing else runs in this process
 * meanwhile, so it is short; what is refused then is run again after a pause.
 */
const BUSY_TIMEOUT_MS = 250;
/** Statements kept compiled per connection; multi-row statements come in many widths, so old ones are dropped. */
const KEPT_STATEMENTS = 300;

/**
 * Sets a new connection up: write-ahead log, durability, and two things that knex leaves out:
 * statements stay compiled, and transactions take the write lock when they begin, since a reading
 * transaction that turns to writing is refused at once (SQLITE_BUSY_SNAPSHOT) when another process wrote meanwhile.
 */
export function prepareSqliteConnection(
  connection: unknown,
  durability: SqliteConfig['durability'],
): unknown {
  const sqlite = connection as SqliteConnection;
  sqlite.pragma('journal_mode = WAL');
  sqlite.pragma(`synchronous = ${durability === 'durable' ? 'FULL' : 'NORMAL'}`);
  sqlite.pragma('foreign_keys = ON');
  sqlite.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);

  const compile = sqlite.prepare.bind(sqlite);
  const kept = new Map<string, object>();
  sqlite.prepare = (sql) => {
    const known = kept.get(sql);
    if (known) return known;
    const statement = compile(sql === 'BEGIN;' ? 'BEGIN IMMEDIATE;' : sql);
    kept.set(sql, statement);
    const oldest = kept.size > KEPT_STATEMENTS ? kept.keys().next().value : undefined;
    if (oldest !== undefined) kept.delete(oldest);
    return statement;
  };
  return sqlite;
}
