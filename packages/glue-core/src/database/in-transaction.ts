import type { Database, Transaction } from './database.js';
import {
  asGlueError,
  isBusyFile,
  isLockWait,
  isTransientDatabaseError,
  refusedEveryTime,
} from './database-errors.js';

/** How often what the database refused for reasons of its own is run, and until when it is begun again. */
const MAX_RUNS = 14;
const BUDGET_MS = 10_000;
const LONGEST_PAUSE_MS = 250;
/** How long a SQLite file that another process writes to is asked again; callers wait meanwhile. */
const BUSY_FILE_MS = 4_000;

export interface RunOptions {
  /** Gives up at the first lock that was waited for in vain, where the caller can do without what is locked. */
  readonly givesUpAtLock?: boolean;
}

/**
 * Runs work in a transaction; runs it again, as a whole, when the database refuses it by deadlock, lock wait,
 * cluster certification or a node that is not ready. So the work must have no effects outside the transaction.
 *
 * It is not run again when the connection is lost: a COMMIT whose answer was lost may have gone through. Who tries
 * again after GLUE_DATABASE_UNAVAILABLE must find by key what it did before: events by their delivery identity,
 * deliveries by their idempotency key, results by owner and fencing token, records by their version.
 * @throws GLUE_DATABASE_CONFLICT when it is refused every time, for ten seconds at most; GLUE_DATABASE_UNAVAILABLE when
 *   the database is away; GLUE_DATABASE_PACKET_TOO_LARGE
 */
export function inTransaction<T>(
  database: Database,
  work: (trx: Transaction) => Promise<T>,
  options?: RunOptions,
): Promise<T> {
  return runAgain(() => transact(database, work), options);
}

/**
 * Runs a single statement outside a transaction, again when the database refuses it for reasons of its own.
 * @throws as {@link inTransaction}
 */
export async function runAgain<T>(
  statement: () => PromiseLike<T>,
  { givesUpAtLock = false }: RunOptions = {},
): Promise<T> {
  const startedAt = performance.now();
  for (let run = 1; ; run += 1) {
    try {
      return await statement();
    } catch (error) {
      if (!isTransientDatabaseError(error)) throw asGlueError(error);
      const tookMs = performance.now() - startedAt;
      const isOver = isBusyFile(error) ? tookMs >= BUSY_FILE_MS : run >= MAX_RUNS || tookMs >= BUDGET_MS;
      if (isOver || (givesUpAtLock && isLockWait(error))) throw refusedEveryTime(error, run);
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

/** Doubling pauses with full jitter, so that two that clashed do not clash again: below 5, 10, 20 … 250 ms. */
function pause(run: number): Promise<void> {
  const longest = Math.min(5 * 2 ** (run - 1), LONGEST_PAUSE_MS);
  return new Promise((resolve) => setTimeout(resolve, Math.random() * longest));
}
