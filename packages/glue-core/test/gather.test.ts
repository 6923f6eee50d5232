import { describe, expect, it } from '@jest/globals';
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
  it('are waited for while each turn of the event loop brings more', async () => {
    const come = arrivals(5);
    await gather(() => come.count, 64);
    expect(come.count).toBe(6);
  });

  it('are not waited for once they are enough', async () => {
    const come = arrivals(1_000);
    await gather(() => come.count, 3);
    expect(come.count).toBe(3);
    await gather(() => come.count, 3);
    expect(come.count).toBe(3);
  });

  it('keep the first waiting for two milliseconds at most', async () => {
    const come = arrivals(Infinity);
    const startedAt = performance.now();
    await gather(() => come.count, Infinity);
    const tookMs = performance.now() - startedAt;
    come.count = Infinity;
    expect(tookMs).toBeGreaterThanOrEqual(2);
  });
});
