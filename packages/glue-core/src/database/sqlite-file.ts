import { statSync } from 'node:fs';
import { FILE_GONE, namingFile, SqliteTrouble } from './sqlite-trouble.js';

/** How often single statements look after the file, in milliseconds; every COMMIT does. */
const LOOK_MS = 1_000;

/** The file of a connection is not the one at its path any more. */
class SqliteFileGone extends SqliteTrouble {
  constructor(path: string) {
    super(
      FILE_GONE,
      `the file ${path} was removed or replaced while it was open: put it back, or start again with the file that counts`,
    );
  }
}

/**
 * Sees when the file of a database is removed or replaced. SQLite goes on with what it has open, and what is stored then
 * is lost with the last process that has it.
 */
export class SqliteFile {
  #opened: string | undefined;
  #lookedAt = -Infinity;
  /** A flush failed: what is committed may not be on the disk. */
  isInDoubt = false;

  constructor(private readonly path: string) {}

  /** To be called once the file is there. Of several connections, the first says which file it is. */
  opened(): void {
    this.#opened ??= this.#present();
  }

  /** @throws SqliteFileGone until the same file is there again */
  check(): void {
    // What is no file, such as `:memory:`, cannot be removed.
    if (this.#opened === undefined) return;
    this.#lookedAt = -Infinity;
    if (this.#present() !== this.#opened) throw new SqliteFileGone(this.path);
    this.#lookedAt = performance.now();
  }

  /** The same, but not more often than is of use. */
  checkNowAndThen(): void {
    if (performance.now() - this.#lookedAt >= LOOK_MS) this.check();
  }

  /** Runs what needs the file. What the system, its disk or the file itself refuses is told with its name. */
  naming<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw this.named(error);
    }
  }

  /** What was thrown, with the name of the file where it is about that. */
  named(error: unknown): unknown {
    return namingFile(this.path, error);
  }

  #present(): string | undefined {
    const found = statSync(this.path, { throwIfNoEntry: false });
    return found && `${found.dev} ${found.ino}`;
  }
}
