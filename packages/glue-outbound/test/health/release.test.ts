import { describe, expect, it } from '@jest/globals';
import { releaseRate, slowerRate } from '../../src/health/release.js';

describe('the rate of a release', () => {
  it('doubles with each round', () => {
    const rate = { perSecond: 10, burst: 4 };
    expect([0, 1, 2, 5].map((round) => releaseRate(rate, round))).toEqual([
      { perSecond: 10, burst: 4 },
      { perSecond: 20, burst: 8 },
      { perSecond: 40, burst: 16 },
      { perSecond: 320, burst: 128 },
    ]);
  });

  it('never lifts what the endpoint itself is limited to', () => {
    const release = { perSecond: 10, burst: 10 };
    const slow = { perSecond: 2, burst: 50 };
    expect(slowerRate(undefined, release)).toBe(release);
    expect(slowerRate(slow, release)).toBe(slow);
    expect(slowerRate({ perSecond: 11, burst: 1 }, release)).toBe(release);
  });
});
