import { BusyFile } from './busy-file.js';
import type { SqliteConfig } from './database-config.js';
import { flushCommits, type FlushedLog } from './flush-commits.js';
import type { SqliteConnection, SqliteStatement } from './sqlite-driver.js';
import type { SqliteFile } from './sqlite-file.js';

/** Statements kept compiled per connection; multi-row statements come in many widths, so old ones are dropped. */
const KEPT_STATEMENTS = 300;

/**
 * Sets a new connection up: write-ahead log, durability, short waits for others, an eye on the file, errors that name
 * it, and three things that knex leaves out: statements stay compiled; a COMMIT that is refused ends its transaction
 * all the same; and transactions take the write lock when they begin, since a reading transaction that turns to writing
 * is refused at once (SQLITE_BUSY_SNAPSHOT) when another process wrote meanwhile.
 */
export function prepareSqliteConnection(
  connection: unknown,
  file: SqliteFile,
  durability: SqliteConfig['durability'],
  openLog?: (path: string) => FlushedLog,
): unknown {
  const sqlite = connection as SqliteConnection;
  const durable = file.naming(() => {
    const hasLog = sqlite.pragma('journal_mode = WAL', { simple: true }) === 'wal';
    const isFlushed = durability === 'durable' && hasLog;
    sqlite.pragma(`synchronous = ${durability === 'fast' || isFlushed ? 'NORMAL' : 'FULL'}`);
    sqlite.pragma('foreign_keys = ON');
    return isFlushed ? flushCommits(sqlite, file, openLog) : asItIs;
  });
  const busy = new BusyFile(sqlite);
  file.opened();

  const prepare = sqlite.prepare.bind(sqlite);
  const compile = (sql: string) =>
    namingFileOf(
      file.naming(() => prepare(sql)),
      file,
    );
  const kept = new Map<string, SqliteStatement>();
  sqlite.prepare = (sql) => {
    if (!/^(COMMIT|ROLLBACK)/i.test(sql)) file.checkNowAndThen();
    const known = kept.get(sql);
    if (known) return known;
    const compiled = busy.watch(compile(sql === 'BEGIN;' ? 'BEGIN IMMEDIATE;' : sql));
    const statement = durable(sql === 'COMMIT;' ? orRollBack(sqlite, file, compiled) : compiled, sql);
    kept.set(sql, statement);
    const oldest = kept.size > KEPT_STATEMENTS ? kept.keys().next().value : undefined;
    if (oldest !== undefined) kept.delete(oldest);
    return statement;
  };
  return sqlite;
}

const asItIs = (statement: SqliteStatement): SqliteStatement => statement;

/** Whose errors name the file. */
function namingFileOf(statement: SqliteStatement, file: SqliteFile): SqliteStatement {
  for (const method of ['run', 'all'] as const) {
    const call = statement[method].bind(statement);
    statement[method] = (...values) => file.naming(() => call(...values));
  }
  return statement;
}

/**
 * A COMMIT that SQLite refuses, for a deferred foreign key say, leaves the transaction open, and knex does too. And none
 * goes to a file that is gone.
 */
function orRollBack(sqlite: SqliteConnection, file: SqliteFile, commit: SqliteStatement): SqliteStatement {
  const run = commit.run.bind(commit);
  commit.run = () => {
    try {
      file.check();
      return run();
    } catch (error) {
      if (sqlite.inTransaction) sqlite.prepare('ROLLBACK').run();
      throw error;
    }
  };
  return commit;
}
