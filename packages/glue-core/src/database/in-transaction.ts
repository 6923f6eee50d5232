import { GlueError } from '../errors/glue-error.js';
import type { Database, Transaction } from './database.js';
import { asGlueError, isTransientDatabaseError, isUnavailableDatabaseError } from './database-errors.js';

/** How often what the database refused for reasons of its own is run again. */
const MAX_RUNS = 14;
const LONGEST_PAUSE_MS = 250;

/**
 * Runs work in a transaction; runs it again, as a whole, when the database refuses it by deadlock, lock wait,
 * cluster certification or a node that is not ready. So the work must have no effects outside the transaction.
 *
 * It is not run again when the connection is lost: a COMMIT whose answer was lost may have gone through. Who tries
 * again after GLUE_DATABASE_UNAVAILABLE must find by key what it did before: events by their delivery identity,
 * deliveries by their idempotency key, results by owner and fencing token, records by their version.
 * @throws GLUE_DATABASE_CONFLICT when it is refused every time, GLUE_DATABASE_UNAVAILABLE when the database is away
 */
export function inTransaction<T>(database: Database, work: (trx: Transaction) => Promise<T>): Promise<T> {
  return runAgain(() => transact(database, work));
}

/**
 * Runs a single statement outside a transaction, again when the database refuses it for reasons of its own.
 * @throws as {@link inTransaction}
 */
export async function runAgain<T>(statement: () => PromiseLike<T>): Promise<T> {
  for (let run = 1; ; run += 1) {
    try {
      return await statement();
    } catch (error) {
      if (!isTransientDatabaseError(error)) throw asGlueError(error);
      if (run >= MAX_RUNS) throw refusedEveryTime(error);
      await pause(run);
    }
  }
}

/**
 * Prefers the work's own error: the ROLLBACK that follows it fails too where the connection is gone, or where SQLite
 * has rolled back by itself, and knex would tell of that one only.
 */
async function transact<T>(database: Database, work: (trx: Transaction) => Promise<T>): Promise<T> {
  const failures: unknown[] = [];
  try {
    return await database.transaction(async (trx) => {
      try {
        return await work(trx);
      } catch (error) {
        failures.push(error);
        throw error;
      }
    });
  } catch (error) {
    throw failures.length > 0 ? failures[0] : error;
  }
}

function refusedEveryTime(cause: unknown): unknown {
  if (isUnavailableDatabaseError(cause)) return asGlueError(cause);
  return new GlueError('GLUE_DATABASE_CONFLICT', `the database refused a transaction ${MAX_RUNS} times`, {
    cause,
  });
}

/**
 * Doubling pauses with full jitter, so that two that clashed do not clash again: below 5, 10, 20 … 250 ms. With what
 * SQLite itself waits each time, that makes three to five seconds for a file that another process writes to.
 */
function pause(run: number): Promise<void> {
  const longest = Math.min(5 * 2 ** (run - 1), LONGEST_PAUSE_MS);
  return new Promise((resolve) => setTimeout(resolve, Math.random() * longest));
}
