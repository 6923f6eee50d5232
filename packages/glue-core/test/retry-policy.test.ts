import { describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import { cancel, deadLetter, done, retry } from '../src/outcome/outcome.js';
import {
  defaultRetryPolicy,
  nextStep,
  retryPolicySchema,
  type Failure,
  type NextStep,
  type RetryPolicy,
} from '../src/retry/retry-policy.js';

const failed = (more: Partial<Failure> = {}): Failure => ({ kind: 'failed', note: 'boom', ...more });
const twoTries: RetryPolicy = { delays: [10, 100], jitter: 0 };

function delayOf(step: NextStep): number {
  return step.state === 'retrying' ? step.delayMs : Number.NaN;
}

describe('the default retry policy', () => {
  it('tries again after 5s, 5m, 30m, 2h, 5h, 10h, 14h, 20h and 24h, then gives up', () => {
    const steps = Array.from({ length: 10 }, (_, failures) =>
      nextStep(failed(), failures, defaultRetryPolicy, 0),
    );
    const hours = (count: number) => count * 3_600_000;
    expect(steps.slice(0, 9).map(delayOf)).toEqual([
      5_000,
      300_000,
      1_800_000,
      ...[2, 5, 10, 14, 20, 24].map(hours),
    ]);
    expect(steps[9]).toEqual({ state: 'dead_letter', note: 'boom; given up after 10 attempts' });
  });

  it('adds up to 10 %', () => {
    expect(defaultRetryPolicy.jitter).toBe(0.1);
  });
});

describe('a retry policy', () => {
  it('is written with units or in seconds', () => {
    expect(retryPolicySchema.parse({ delays: ['5s', 60, '1h'], jitter: 0 })).toEqual({
      delays: [5, 60, 3_600],
      jitter: 0,
    });
  });

  test.each([
    ['an unknown key', { retries: 3 }],
    ['a negative delay', { delays: [-1] }],
    ['a text that is no duration', { delays: ['soon'] }],
    ['jitter that takes away', { jitter: -0.1 }],
    ['jitter above 10 %', { jitter: 0.2 }],
    ['more than 100 delays', { delays: Array.from({ length: 101 }, () => 1) }],
  ])('is refused with %s', (_name, policy) => {
    expect(retryPolicySchema.safeParse(policy).success).toBe(false);
  });
});

describe('the next step', () => {
  test.each<[string, Parameters<typeof nextStep>[0], number, NextStep]>([
    ['done', done(), 0, { state: 'done' }],
    ['done late', done('at last'), 9, { state: 'done', note: 'at last' }],
    ['cancel', cancel('gone'), 1, { state: 'canceled', note: 'gone' }],
    ['dead letter at once', deadLetter('no use'), 0, { state: 'dead_letter', note: 'no use' }],
    [
      'a first retry',
      retry({ seconds: 1, note: 'busy' }),
      0,
      { state: 'retrying', delayMs: 10_000, note: 'busy' },
    ],
    [
      'a retry that lengthens',
      retry({ seconds: 30, note: 'x' }),
      0,
      { state: 'retrying', delayMs: 30_000, note: 'x' },
    ],
    ['a retry that would shorten', retry({ seconds: 30 }), 1, { state: 'retrying', delayMs: 100_000 }],
    ['a retry at once', retry({ seconds: 0 }), 0, { state: 'retrying', delayMs: 10_000 }],
    [
      'one retry too many',
      retry({ note: 'busy' }),
      2,
      { state: 'dead_letter', note: 'busy; given up after 3 attempts' },
    ],
    ['one too many without a note', retry(), 2, { state: 'dead_letter', note: 'given up after 3 attempts' }],
    ['a first failure', failed(), 0, { state: 'retrying', delayMs: 10_000, note: 'boom' }],
    ['a second failure', failed(), 1, { state: 'retrying', delayMs: 100_000, note: 'boom' }],
    [
      'a failure with Retry-After',
      failed({ seconds: 60 }),
      0,
      { state: 'retrying', delayMs: 60_000, note: 'boom' },
    ],
    [
      'one failure too many',
      failed({ seconds: 60 }),
      2,
      { state: 'dead_letter', note: 'boom; given up after 3 attempts' },
    ],
  ])('after %s', (_name, result, failures, expected) => {
    expect(nextStep(result, failures, twoTries, 0.5)).toEqual(expected);
  });

  it('after a fault of our own is another try soon, however many failures there were', () => {
    for (const failures of [0, 1, 2, 50]) {
      expect(nextStep(failed({ internal: true }), failures, twoTries, 0)).toEqual({
        state: 'retrying',
        delayMs: 5_000,
        note: 'boom',
      });
    }
  });

  it('after a fault of our own is another try even where the policy allows none', () => {
    const never: RetryPolicy = { delays: [], jitter: 0 };
    expect(nextStep(failed({ internal: true }), 0, never, 0)).toMatchObject({ state: 'retrying' });
    expect(nextStep(failed(), 0, never, 0)).toEqual({
      state: 'dead_letter',
      note: 'boom; given up after 1 attempt',
    });
  });

  it('is a date that a database can hold, whatever a handler asks for', () => {
    const step = nextStep(retry({ seconds: Number.MAX_VALUE }), 0, twoTries, 0);
    expect(delayOf(step)).toBe(365 * 86_400_000);
  });

  it('is never earlier than the policy and at most 10 % later', () => {
    const policies = fc.record({
      delays: fc.array(
        fc.integer({ min: 0, max: 86_400_000 }).map((ms) => ms / 1000),
        { minLength: 1 },
      ),
      jitter: fc.double({ min: 0, max: 0.1, noNaN: true }),
    });
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(policies, fc.nat(), random, (policy, nth, chance) => {
        const failures = nth % policy.delays.length;
        const plannedMs = (policy.delays[failures] ?? 0) * 1000;
        const delayMs = delayOf(nextStep(failed(), failures, policy, chance));
        expect(Number.isInteger(delayMs)).toBe(true);
        expect(delayMs).toBeGreaterThanOrEqual(plannedMs - 1e-6);
        expect(delayMs).toBeLessThanOrEqual(Math.ceil(plannedMs) * 1.1);
      }),
    );
  });

  it('is only ever lengthened by an outcome', () => {
    fc.assert(
      fc.property(fc.nat({ max: 1 }), fc.nat({ max: 200_000 }), (failures, seconds) => {
        const planned = delayOf(nextStep(failed(), failures, twoTries, 0));
        const asked = delayOf(nextStep(retry({ seconds }), failures, twoTries, 0));
        expect(asked).toBe(Math.max(planned, seconds * 1000));
      }),
    );
  });
});
