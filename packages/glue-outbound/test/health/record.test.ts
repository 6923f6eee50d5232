import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { failureAt, mergeRecords, successAt, UNHEARD, type HealthRecord } from '../../src/health/record.js';

const inOrder = (...heard: readonly HealthRecord[]) => heard.reduce(mergeRecords, UNHEARD);

describe('the record of a receiver', () => {
  it.each<[string, HealthRecord, HealthRecord]>([
    ['nothing', inOrder(), { exhausted: 0 }],
    ['a success', inOrder(successAt(5)), { succeededAt: 5, exhausted: 0 }],
    [
      'failures alone',
      inOrder(failureAt(5, false), failureAt(7, true), failureAt(9, true)),
      { failedAt: 9, failingSince: 5, exhausted: 2 },
    ],
    [
      'a success after failures, which ends them',
      inOrder(failureAt(5, true), failureAt(7, true), successAt(8)),
      { succeededAt: 8, failedAt: 7, exhausted: 0 },
    ],
    [
      'failures after a success, which count from the first of them',
      inOrder(failureAt(1, true), successAt(2), failureAt(5, true), failureAt(7, false)),
      { succeededAt: 2, failedAt: 7, failingSince: 5, exhausted: 1 },
    ],
    [
      'a success in the middle, heard late: they count from it, and what was exhausted does not',
      mergeRecords(inOrder(failureAt(1, true), failureAt(9, true)), successAt(4)),
      { succeededAt: 4, failedAt: 9, failingSince: 4, exhausted: 0 },
    ],
    [
      'an old failure, heard late, which a success has ended',
      mergeRecords(successAt(4), failureAt(3, true)),
      { succeededAt: 4, failedAt: 3, exhausted: 0 },
    ],
    [
      'failures on two hosts',
      mergeRecords(inOrder(failureAt(6, true)), inOrder(failureAt(3, false), failureAt(8, true))),
      { failedAt: 8, failingSince: 3, exhausted: 2 },
    ],
  ])('tells of %s', (_, record, expected) => {
    expect(record).toEqual(expected);
  });

  const heard = fc.record({ at: fc.integer({ min: 1, max: 50 }), kind: fc.constantFrom('ok', 'no', 'dead') });
  const recordOf = ({ at, kind }: { at: number; kind: string }) =>
    kind === 'ok' ? successAt(at) : failureAt(at, kind === 'dead');

  it('is the same whichever host writes first', () => {
    fc.assert(
      fc.property(fc.array(heard), fc.array(heard), (one, other) => {
        const [a, b] = [inOrder(...one.map(recordOf)), inOrder(...other.map(recordOf))];
        expect(mergeRecords(a, b)).toEqual(mergeRecords(b, a));
      }),
    );
  });

  it('has only failures exactly while the last that was heard is one, in whatever order it was written', () => {
    fc.assert(
      fc.property(fc.array(heard), fc.array(fc.integer({ min: 1, max: 5 })), (signals, cuts) => {
        // Hosts write in batches of any size.
        const batches: HealthRecord[] = [];
        for (const rest = [...signals]; rest.length > 0;)
          batches.push(inOrder(...rest.splice(0, cuts[batches.length] ?? 1).map(recordOf)));
        const { succeededAt, failedAt, failingSince, exhausted } = inOrder(...batches);
        const times = (isWanted: (kind: string) => boolean) =>
          signals.filter(({ kind }) => isWanted(kind)).map(({ at }) => at);
        const [successes, failures] = [times((kind) => kind === 'ok'), times((kind) => kind !== 'ok')];
        const last = (all: readonly number[]) => (all.length === 0 ? undefined : Math.max(...all));
        expect([succeededAt, failedAt]).toEqual([last(successes), last(failures)]);
        const isFailing = (last(failures) ?? -1) > (last(successes) ?? -1);
        expect(failingSince !== undefined).toBe(isFailing);
        if (failingSince !== undefined) {
          expect(failingSince).toBeGreaterThanOrEqual(last(successes) ?? 0);
          expect(failingSince).toBeLessThanOrEqual(failedAt ?? 0);
        } else expect(exhausted).toBe(0);
        // It never counts what a success came after.
        const since = failingSince ?? Infinity;
        const counted = signals.filter(({ at, kind }) => kind === 'dead' && at >= since).length;
        expect(exhausted).toBeLessThanOrEqual(counted);
      }),
    );
  });
});
