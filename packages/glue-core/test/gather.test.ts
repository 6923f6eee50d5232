import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../src/clock/manual-clock.js';
import { gather } from '../src/work/gather.js';

/** One more in each of so many turns of the event loop. */
function arrivals(turns: number): { count: number } {
  const come = { count: 1 };
  const next = (): void => {
    if (come.count > turns) return;
    come.count += 1;
    setImmediate(next);
  };
  setImmediate(next);
  return come;
}

describe('those who can share a transaction', () => {
  const clock = new ManualClock();

  it('are waited for while each turn of the event loop brings more', async () => {
    const come = arrivals(5);
    await gather(clock, () => come.count, 64);
    expect(come.count).toBe(6);
  });

  it('are not waited for once they are enough', async () => {
    const come = arrivals(1_000);
    await gather(clock, () => come.count, 3);
    expect(come.count).toBe(3);
    await gather(clock, () => come.count, 3);
    expect(come.count).toBe(3);
  });

  it('have no further turn waited for after two milliseconds', async () => {
    let turns = 0;
    const oneMore = (): number => {
      clock.advance(0.5);
      return ++turns;
    };
    await gather(clock, oneMore, Infinity);
    // Asked three times a turn: by then two milliseconds have passed.
    expect(turns).toBeLessThanOrEqual(6);
    expect(turns).toBeGreaterThan(3);
  });
});
