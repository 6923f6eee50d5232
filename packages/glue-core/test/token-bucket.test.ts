import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FULL_BUCKET, rateSchema, takeToken, tokensIn, type Rate } from '../src/rate/token-bucket.js';

/** Which of the requests at these times pass, and how long the others are asked to wait. */
function waits(rate: Rate, times: readonly number[]): number[] {
  let bucket = FULL_BUCKET;
  return times.map((at) => {
    const { fullAtMs, waitMs } = takeToken(rate, bucket, at);
    bucket = fullAtMs;
    return waitMs;
  });
}

describe('a token bucket', () => {
  it.each<[string, Rate, number[], number[]]>([
    [
      'lets a burst through, then one per interval',
      { perSecond: 10, burst: 3 },
      [0, 0, 0, 0, 100, 100],
      [0, 0, 0, 100, 0, 100],
    ],
    [
      'is full again after a pause, and no fuller',
      { perSecond: 1, burst: 2 },
      [0, 0, 60_000, 60_000, 60_000],
      [0, 0, 0, 0, 1_000],
    ],
    [
      'takes nothing for a request that is refused',
      { perSecond: 1, burst: 1 },
      [0, 500, 900, 1_000],
      [0, 500, 100, 0],
    ],
    ['knows rates below one per second', { perSecond: 0.1, burst: 1 }, [0, 9_999, 10_000], [0, 1, 0]],
  ])('%s', (_what, rate, times, expected) => {
    expect(waits(rate, times).map((wait) => Math.round(wait))).toEqual(expected);
  });

  const rates = fc.record({
    perSecond: fc.double({ min: 0.01, max: 5_000, noNaN: true }),
    burst: fc.integer({ min: 1, max: 50 }),
  });
  const pauses = fc.array(fc.double({ min: 0, max: 2_000, noNaN: true }), { minLength: 1, maxLength: 200 });
  const timesOf = (gaps: number[], start = 1e9) =>
    gaps.map(
      (
        (sum) => (gap) =>
          (sum += gap)
      )(start),
    );

  it('has a token exactly when one can be taken', () => {
    fc.assert(
      fc.property(rates, pauses, (rate, gaps) => {
        let bucket = FULL_BUCKET;
        for (const at of timesOf(gaps)) {
          const tokens = tokensIn(rate, bucket, at);
          const { fullAtMs, waitMs } = takeToken(rate, bucket, at);
          expect(tokens > 0).toBe(waitMs === 0);
          expect(tokens).toBeLessThanOrEqual(rate.burst);
          bucket = fullAtMs;
        }
      }),
    );
  });

  it('never lets more through than the burst and what the time has brought', () => {
    fc.assert(
      fc.property(rates, pauses, (rate, gaps) => {
        const times = timesOf(gaps);
        const passed = times.filter((_, index) => waits(rate, times)[index] === 0);
        passed.forEach((from, first) => {
          passed.slice(first).forEach((to, count) => {
            expect(count + 1).toBeLessThanOrEqual(rate.burst + ((to - from) * rate.perSecond) / 1000 + 1e-3);
          });
        });
      }),
      { numRuns: 50 },
    );
  });

  it('lets through who comes again when it said, if nobody came meanwhile', () => {
    fc.assert(
      fc.property(rates, pauses, (rate, gaps) => {
        const times = timesOf(gaps);
        const wait = waits(rate, times).at(-1) ?? 0;
        fc.pre(wait > 0);
        const again = (times.at(-1) ?? 0) + wait;
        expect(waits(rate, [...times, again]).at(-1)).toBe(0);
      }),
    );
  });
});

describe('a rate', () => {
  it.each([
    [{ perSecond: 0.2 }, { perSecond: 0.2, burst: 1 }],
    [{ perSecond: 2.5 }, { perSecond: 2.5, burst: 3 }],
    [
      { perSecond: 5, burst: 100 },
      { perSecond: 5, burst: 100 },
    ],
  ])('%j is %j', (written, rate) => {
    expect(rateSchema.parse(written)).toEqual(rate);
  });

  it.each([
    { perSecond: 0 },
    { perSecond: -1 },
    { perSecond: Infinity },
    { perSecond: 1, burst: 0 },
    { burst: 1 },
  ])('cannot be %j', (written) => {
    expect(rateSchema.safeParse(written).success).toBe(false);
  });
});
