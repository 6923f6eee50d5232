import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  attemptsAllowed,
  CLOSED,
  nextBreaker,
  type Breaker,
  type BreakerPolicy,
  type BreakerSignal,
} from '../../src/health/breaker.js';

const policy: BreakerPolicy = { failures: 3, pauseMs: 10_000, longestPauseMs: 30_000, probeMs: 60_000 };
const open = (untilMs: number, pauseMs = 10_000): Breaker => ({ state: 'open', untilMs, pauseMs });
const halfOpen = (untilMs: number, pauseMs = 10_000): Breaker => ({ state: 'half_open', untilMs, pauseMs });
const closed = (failures: number): Breaker => ({ state: 'closed', failures });

describe('a circuit breaker', () => {
  it.each<[string, Breaker, BreakerSignal, number, Breaker]>([
    ['counts a failure', CLOSED, 'failed', 0, closed(1)],
    ['forgets failures at a success', closed(2), 'succeeded', 0, CLOSED],
    ['counts on past what says nothing', closed(2), 'undecided', 0, closed(2)],
    ['opens at the last failure that it bears', closed(2), 'failed', 500, open(10_500)],
    ['counts a late probe as any attempt', closed(2), 'probe_failed', 500, open(10_500)],
    ['stays open for what was under way and fails too', open(10_000), 'failed', 500, open(10_000)],
    ['closes for what was under way and succeeds', open(10_000), 'succeeded', 500, CLOSED],
    ['takes what was claimed before for no probe', open(10_000), 'began', 9_999, open(10_000)],
    ['is half-open while a probe is under way', open(10_000), 'began', 10_000, halfOpen(70_000)],
    ['closes when the probe succeeds', halfOpen(70_000), 'succeeded', 12_000, CLOSED],
    ['waits twice as long when it fails', halfOpen(70_000), 'probe_failed', 12_000, open(32_000, 20_000)],
    [
      'waits no longer than the longest pause',
      halfOpen(70_000, 20_000),
      'probe_failed',
      0,
      open(30_000, 30_000),
    ],
    [
      'tries another at once when the probe says nothing',
      halfOpen(70_000),
      'probe_undecided',
      12_000,
      open(12_000),
    ],
    ['does not take an older failure for the probe', halfOpen(70_000), 'failed', 12_000, halfOpen(70_000)],
    ['does not take another attempt for the probe', halfOpen(70_000), 'began', 12_000, halfOpen(70_000)],
    ['gives up a probe that nobody heard of', halfOpen(70_000), 'began', 70_000, halfOpen(130_000)],
  ])('%s', (_what, before, signal, nowMs, after) => {
    expect(nextBreaker(before, signal, nowMs, policy)).toEqual(after);
  });

  it('never opens with 0 failures, and closes when that is set', () => {
    const off = { ...policy, failures: 0 };
    expect(nextBreaker(CLOSED, 'failed', 0, off)).toEqual(CLOSED);
    expect(nextBreaker(open(10_000), 'failed', 0, off)).toEqual(CLOSED);
  });

  const steps = fc.array(
    fc.record({
      afterMs: fc.integer({ min: 0, max: 20_000 }),
      signal: fc.constantFrom<BreakerSignal>('failed', 'undecided', 'probe_failed', 'probe_undecided'),
    }),
    { maxLength: 100 },
  );

  it('lets one at a time to a receiver that never succeeds, at growing distances, and for ever', () => {
    fc.assert(
      fc.property(steps, (given) => {
        let breaker: Breaker = open(0);
        let nowMs = 0;
        let underWay = false;
        const failedAt: number[] = [];
        for (const { afterMs, signal } of given) {
          nowMs += afterMs;
          if (attemptsAllowed(breaker, nowMs) > 0) {
            // Another only after the one before was heard of, or given up.
            if (underWay && breaker.state === 'half_open')
              expect(nowMs).toBeGreaterThanOrEqual(breaker.untilMs);
            breaker = nextBreaker(breaker, 'began', nowMs, policy);
            underWay = true;
            expect(attemptsAllowed(breaker, nowMs)).toBe(0);
          }
          const wasHalfOpen = breaker.state === 'half_open';
          breaker = nextBreaker(breaker, signal, nowMs, policy);
          if (wasHalfOpen && signal === 'probe_failed') failedAt.push(nowMs);
          if (signal.startsWith('probe_')) underWay = false;
          expect(breaker.state).not.toBe('closed');
          // It never takes longer than a probe and the longest pause until the next may go.
          expect(attemptsAllowed(breaker, nowMs + policy.probeMs + policy.longestPauseMs)).toBe(1);
        }
        failedAt.slice(1).forEach((at, index) => {
          expect(at - (failedAt[index] ?? 0)).toBeGreaterThanOrEqual(policy.pauseMs);
        });
      }),
    );
  });

  it('lets everything through again after one success, whatever came before', () => {
    fc.assert(
      fc.property(steps, (given) => {
        const breaker = given.reduce<Breaker>(
          (before, { signal }, index) => nextBreaker(before, signal, index * 20_000, policy),
          CLOSED,
        );
        expect(attemptsAllowed(nextBreaker(breaker, 'succeeded', 0, policy), 0)).toBe(Infinity);
      }),
    );
  });
});
