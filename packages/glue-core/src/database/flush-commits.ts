import type { SqliteConnection, SqliteStatement } from './sqlite-driver.js';
import type { SqliteFile } from './sqlite-file.js';
import { WriteAheadLog } from './write-ahead-log.js';

/**
 * Marks a statement whose effect may be lost with the power: it is on the disk with what is committed next. A claim
 * that is lost leaves the work unclaimed, as the loss of its host would have left it.
 */
export const MAY_BE_FORGOTTEN = '/* may be forgotten */';
const mayBeForgotten = /\/\* may be forgotten \*\/$/;

/** A log that can be brought to the disk. */
export type FlushedLog = Pick<WriteAheadLog, 'flush' | 'close'>;

/**
 * Has every commit of a connection brought to the disk before knex is told of it: knex waits for the promises that its
 * statements give then. The file must have a write-ahead log.
 * @returns what does so with a statement that was compiled
 * @throws what SQLite says, or the system, when the log cannot be opened, or brought to the disk after a flush failed
 */
export function flushCommits(
  sqlite: SqliteConnection,
  file: SqliteFile,
  openLog: (path: string) => FlushedLog = (path) => new WriteAheadLog(path),
): (statement: SqliteStatement, sql: string) => SqliteStatement {
  const [main] = sqlite.pragma('database_list') as readonly { readonly file: string }[];
  // Reads, so that the log is there.
  sqlite.pragma('schema_version');
  if (file.isInDoubt) settleDoubt(sqlite, file);
  const log = openLog(`${main?.file}-wal`);
  const close = sqlite.close.bind(sqlite);
  sqlite.close = () => {
    log.close();
    return close();
  };

  const flush = async (): Promise<void> => {
    try {
      await log.flush();
    } catch (error) {
      file.isInDoubt = true;
      // knex's own mark: the pool closes this connection and opens another.
      sqlite.__knex__disposed = error;
      throw file.named(error);
    }
  };
  const foreignCommits = watchOthers(sqlite);
  return (statement, sql) => {
    if (sql !== 'COMMIT;' && (statement.readonly || /^PRAGMA/i.test(sql))) return statement;
    const needsNoFlush = mayBeForgotten.test(sql) ? () => !foreignCommits() : () => false;
    for (const method of ['run', 'all'] as const) {
      const call = statement[method].bind(statement);
      statement[method] = (...values) => {
        const answer = call(...values);
        return sqlite.inTransaction || needsNoFlush() ? answer : flush().then(() => answer);
      };
    }
    return statement;
  };
}

/**
 * After a flush that failed, only SQLite itself can say that all of the log is on the disk: once it has brought it into
 * the database file, and that to the disk, and empties it.
 */
function settleDoubt(sqlite: SqliteConnection, file: SqliteFile): void {
  // Nothing else runs in this process while SQLite waits.
  sqlite.pragma('busy_timeout = 0');
  const [checkpoint] = sqlite.pragma('wal_checkpoint(TRUNCATE)') as readonly { readonly busy: number }[];
  if (checkpoint?.busy !== 0)
    throw Object.assign(new Error('the log is in use'), { code: 'SQLITE_IOERR_FSYNC' });
  file.isInDoubt = false;
}

/**
 * Tells whether another connection has committed since it was last asked: a commit can be seen before it is on the disk,
 * and nothing should go out for what the power can still undo. One's own are on the disk before the next statement.
 * https://www.sqlite.org/pragma.html#pragma_data_version
 */
function watchOthers(sqlite: SqliteConnection): () => boolean {
  const ask = sqlite.prepare('PRAGMA data_version');
  let seen: number | undefined;
  return () => {
    const [row] = ask.all() as readonly { readonly data_version: number }[];
    const isNew = row?.data_version !== seen;
    seen = row?.data_version;
    return isNew;
  };
}
