import { GlueError } from '../errors/glue-error.js';
import type { Database, Transaction } from './database.js';
import { asGlueError, isTransientDatabaseError } from './database-errors.js';

/** How often a transaction that the database refused for reasons of its own is run again. */
const MAX_RUNS = 8;

/**
 * Runs work in a transaction; runs it again, as a whole, when the database refuses it by deadlock, lock wait,
 * cluster certification or a node that is not ready. So the work must have no effects outside the transaction.
 * @throws GLUE_DATABASE_CONFLICT when it is refused every time, GLUE_DATABASE_UNAVAILABLE when the database is away
 */
export async function inTransaction<T>(
  database: Database,
  work: (trx: Transaction) => Promise<T>,
): Promise<T> {
  for (let run = 1; ; run += 1) {
    try {
      return await database.transaction(work);
    } catch (error) {
      if (!isTransientDatabaseError(error)) throw asGlueError(error);
      if (run >= MAX_RUNS) {
        throw new GlueError(
          'GLUE_DATABASE_CONFLICT',
          `the database refused a transaction ${MAX_RUNS} times`,
          { cause: error },
        );
      }
      await pause(run);
    }
  }
}

/** Doubling pauses with full jitter, so that two that clashed do not clash again: below 5, 10, 20 … 320 ms. */
function pause(run: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.random() * 5 * 2 ** (run - 1)));
}
