import { closeSync, fdatasync, openSync } from 'node:fs';
import { messageOf } from '../errors/glue-error.js';

/** What a flush ends with when the disk, or the share of it, is full; some file systems notice only then. */
const FULL_CODES: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);

/**
 * Brings the write-ahead log of a connection to the disk, on another thread: what `synchronous = FULL` does at each
 * commit too, but with the whole process waiting for the disk. Until it is done nobody is told of the commit.
 * https://www.sqlite.org/pragma.html#pragma_synchronous
 *
 * SQLite holds no locks on this file, which closing it here would lose, and removes it with the last connection only:
 * https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_
 */
export class WriteAheadLog {
  readonly #file: number;

  /**
   * @param path - of the log itself, as SQLite has opened it
   * @throws what the system says, with a code of SQLite's
   */
  constructor(path: string) {
    try {
      this.#file = openSync(path, 'r+');
    } catch (cause) {
      throw asSqliteError('SQLITE_CANTOPEN', cause);
    }
  }

  /**
   * Resolves when all that was committed before the call is on the disk. Once it has failed, nobody knows what of the log
   * is there: the system may tell of a page that it could not write once, and never again.
   */
  async flush(): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) =>
        fdatasync(this.#file, (error) => (error ? reject(error) : resolve())),
      );
    } catch (cause) {
      const { code } = cause as { readonly code?: unknown };
      throw asSqliteError(FULL_CODES.has(code) ? 'SQLITE_FULL' : 'SQLITE_IOERR_FSYNC', cause);
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}

function asSqliteError(code: string, cause: unknown): Error {
  return Object.assign(new Error(messageOf(cause), { cause }), { code });
}
