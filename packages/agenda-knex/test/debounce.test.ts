import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { extendWindow, openWindow } from '../src/debounce.js';

const at = (ms: number) => new Date(ms);
const NOW = at(10_000);

describe('the window a first save opens', () => {
  it.each([
    ['trailing: one delay from now', { delay: 100 }, 10_100],
    ['trailing: within maxWait', { delay: 100, maxWait: 60 }, 10_060],
    ['leading: when the save asked for', { delay: 100, strategy: 'leading' as const }, 9_000],
  ])('%s', (_, debounce, runAt) => {
    expect(openWindow(at(9_000), debounce, NOW)).toEqual({ nextRunAt: at(runAt), debounceStartedAt: NOW });
  });
});

describe('what a further save makes of it', () => {
  const trailing = { delay: 100, maxWait: 1000 };
  const leading = { delay: 100, strategy: 'leading' as const };
  it.each([
    [
      'puts a pending run off',
      trailing,
      10_050,
      9_900,
      { nextRunAt: at(10_100), debounceStartedAt: at(9_900) },
    ],
    [
      'but not past maxWait',
      trailing,
      10_050,
      9_050,
      { nextRunAt: at(10_050), debounceStartedAt: at(9_050) },
    ],
    [
      'and runs at once past maxWait',
      trailing,
      10_050,
      9_000,
      { nextRunAt: NOW, debounceStartedAt: undefined },
    ],
    ['a run forced by maxWait stays', trailing, 9_999, undefined, { debounceStartedAt: undefined }],
    [
      'a run planned without debounce is debounced',
      trailing,
      10_050,
      undefined,
      { nextRunAt: at(10_100), debounceStartedAt: NOW },
    ],
    ['after the run, a new window', trailing, null, 1_000, { nextRunAt: at(10_100), debounceStartedAt: NOW }],
    ['leading: nothing, within the delay', leading, null, 9_901, { debounceStartedAt: at(9_901) }],
    ['leading: nothing, while a run is pending', leading, 10_050, 9_000, { debounceStartedAt: at(9_000) }],
    [
      'leading: a new run, after the delay',
      leading,
      null,
      9_900,
      { nextRunAt: at(9_500), debounceStartedAt: NOW },
    ],
  ])('%s', (_, debounce, pending, started, expected) => {
    const stored = {
      nextRunAt: pending === null ? null : at(pending),
      debounceStartedAt: started === undefined ? undefined : at(started),
    };
    expect(extendWindow(stored, at(9_500), debounce, NOW)).toEqual(expected);
  });

  it('however saves fall, the run comes within maxWait of the first', () => {
    const gaps = fc.array(fc.nat(300), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(
        gaps,
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 1, max: 2000 }),
        (pauses, delay, maxWait) => {
          let now = 10_000;
          let window = openWindow(null, { delay, maxWait }, at(now));
          const deadline = now + maxWait;
          for (const pause of pauses) {
            now += pause;
            if (window.nextRunAt && window.nextRunAt.getTime() <= now) break;
            window = { ...window, ...extendWindow(window, null, { delay, maxWait }, at(now)) };
          }
          expect(window.nextRunAt?.getTime()).toBeLessThanOrEqual(deadline);
        },
      ),
    );
  });
});
