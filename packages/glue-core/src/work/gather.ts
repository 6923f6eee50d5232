import type { Clock } from '../clock/clock.js';

/** Turns of the event loop without anybody new, after which nobody is on the way; the first may end before the loop has looked for what came in. */
const QUIET_TURNS = 2;
/** After so many milliseconds no further turn is waited for, though one after the other comes. */
const LONGEST_MS = 2;

/**
 * Waits while the event loop brings more of those who can share a transaction: each of them saves one. Who comes alone
 * waits two turns, some microseconds where nothing else is to be done.
 * @param count - how many have come
 * @param enough - how many are worth no further wait
 */
export async function gather(clock: Clock, count: () => number, enough: number): Promise<void> {
  const givenUpAt = clock.monotonic() + LONGEST_MS;
  for (let quiet = 0; quiet < QUIET_TURNS && count() < enough && clock.monotonic() < givenUpAt;) {
    const before = count();
    await new Promise((resolve) => setImmediate(resolve));
    quiet = count() > before ? 0 : quiet + 1;
  }
}
