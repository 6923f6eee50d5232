import { closeSync, fdatasync, openSync } from 'node:fs';
import { messageOf } from '../errors/glue-error.js';
import { namingFile } from './sqlite-trouble.js';

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
  #file: number | undefined;

  /** @param path - of the database */
  constructor(private readonly path: string) {}

  /**
   * Resolves when all that was committed before the call is on the disk.
   * @throws SqliteTrouble
   */
  async flush(): Promise<void> {
    try {
      this.#file ??= openSync(`${this.path}-wal`, 'r+');
      const file = this.#file;
      await new Promise<void>((resolve, reject) =>
        fdatasync(file, (error) => (error ? reject(error) : resolve())),
      );
    } catch (cause) {
      const { code } = cause as { readonly code?: unknown };
      const asSqlite = { code: FULL_CODES.has(code) ? 'SQLITE_FULL' : 'SQLITE_IOERR_FSYNC' };
      throw namingFile(this.path, Object.assign(new Error(messageOf(cause), { cause }), asSqlite));
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}
