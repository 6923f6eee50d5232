import { isBusyFile } from './database-errors.js';

/** The part of a better-sqlite3 connection and of its statements that is watched here. */
interface WaitingConnection {
  pragma(text: string): unknown;
}
interface WatchedStatement {
  readonly readonly: boolean;
  run(...values: unknown[]): unknown;
  all(...values: unknown[]): unknown;
}

/** How long SQLite itself waits for another process that writes, in milliseconds. Nothing else runs in this process meanwhile. */
const BUSY_TIMEOUT_MS = 250;

/**
 * Lets SQLite wait for a writer of another process once: where it was in vain, somebody writes for long (a backup, a
 * person's open transaction), and each further wait would only keep this process from answering anybody. Until a write
 * has passed again it is refused at once, and run again after a pause.
 */
export class BusyFile {
  #waits = true;

  constructor(private readonly connection: WaitingConnection) {
    connection.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
  }

  watch<Statement extends WatchedStatement>(statement: Statement): Statement {
    for (const method of ['run', 'all'] as const) {
      const call = statement[method].bind(statement);
      statement[method] = (...values) => {
        try {
          const answer = call(...values);
          if (!this.#waits && !statement.readonly) this.#wait(true);
          return answer;
        } catch (error) {
          if (this.#waits && isBusyFile(error)) this.#wait(false);
          throw error;
        }
      };
    }
    return statement;
  }

  #wait(waits: boolean): void {
    this.#waits = waits;
    this.connection.pragma(`busy_timeout = ${waits ? BUSY_TIMEOUT_MS : 0}`);
  }
}
