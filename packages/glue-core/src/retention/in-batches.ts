import type { Clock } from '../clock/clock.js';

/** What deleting needs beside a database. */
export interface Deleting {
  readonly clock: Clock;
  /** Aborted when the host stops: then the rest is left to the next run. */
  readonly signal: AbortSignal;
}

/** Deletes what is older of one kind than a time, Unix milliseconds. @returns how many */
export type DeleteOld = (beforeMs: number, deleting: Deleting) => Promise<number>;

/** Between two batches, in milliseconds, so that others write in between. */
const PAUSE_MS = 20;

/**
 * Deletes batch after batch, each short, until there is nothing more or the host stops.
 * @param deleteBatch - gives how many it deleted; undefined when it found no more to look at
 * @returns how many were deleted in all
 */
export async function inBatches(
  { clock, signal }: Deleting,
  deleteBatch: () => Promise<number | undefined>,
): Promise<number> {
  let deleted = 0;
  while (!signal.aborted) {
    const count = await deleteBatch();
    if (count === undefined) break;
    deleted += count;
    if (count > 0) await new Promise<void>((resolve) => clock.after(PAUSE_MS, resolve));
  }
  return deleted;
}
