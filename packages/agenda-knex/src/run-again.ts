import { setTimeout as sleep } from 'node:timers/promises';

/** MySQL and MariaDB: record changed since read, Galera node not ready, lock wait timeout, deadlock or certification. */
const TRANSIENT_ERRNOS = new Set<unknown>([1020, 1047, 1205, 1213]);
/** SQLite: another connection writes. PostgreSQL: serialization failure, deadlock, lock not available. */
const TRANSIENT_CODES = /^(SQLITE_BUSY.*|SQLITE_LOCKED.*|40001|40P01|55P03)$/;

const TRIES = 12;
const BUDGET_MS = 10_000;
const LONGEST_PAUSE_MS = 250;

/** Says whether the database refused a statement for the moment, with nothing of it done. */
export function isTransient(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  if ('errno' in error && TRANSIENT_ERRNOS.has(error.errno)) return true;
  return 'code' in error && typeof error.code === 'string' && TRANSIENT_CODES.test(error.code);
}

/**
 * Runs `work`, and runs it again while it fails with a transient error: at most 12 times and not past 10 seconds.
 *
 * `work` must be a whole transaction or one statement; it is told how many times it was run, this time included. The pauses grow and are random, lest two that collided
 * collide again.
 *
 * @throws whatever `work` threw last.
 */
export async function runAgain<T>(
  work: (tried: number) => Promise<T>,
  pause: (ms: number) => Promise<unknown> = sleep,
  now: () => number = Date.now,
): Promise<T> {
  const givenUpAt = now() + BUDGET_MS;
  for (let tried = 1; ; tried++) {
    try {
      return await work(tried);
    } catch (error) {
      if (!isTransient(error) || tried >= TRIES || now() >= givenUpAt) throw error;
      await pause(Math.random() * Math.min(5 * 2 ** tried, LONGEST_PAUSE_MS));
    }
  }
}
