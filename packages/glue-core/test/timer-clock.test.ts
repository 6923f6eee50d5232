import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../src/clock/manual-clock.js';
import { TimerClock } from '../src/work/timer-clock.js';

describe('the retry clock of timers', () => {
  let clock: ManualClock;
  let timers: TimerClock;
  let woken: string[];
  beforeEach(() => {
    clock = new ManualClock();
    timers = new TimerClock(clock, () => clock.now());
    woken = [];
    for (const queue of ['inbound', 'outbound'])
      timers.follow(queue, { wake: (lane) => void woken.push(`${queue} ${lane}`) });
  });
  const inMs = (delayMs: number) => clock.now() + delayMs;

  it('wakes a lane at its time, once', () => {
    timers.wakeAt('inbound', 1, inMs(1_000));
    clock.advance(999);
    expect(woken).toEqual([]);
    clock.advance(1);
    expect(woken).toEqual(['inbound 1']);
    clock.advance(10_000);
    expect(woken).toHaveLength(1);
  });

  it('wakes at the earliest time that was asked for, each lane of each queue by itself', () => {
    timers.wakeAt('inbound', 1, inMs(3_000));
    timers.wakeAt('inbound', 1, inMs(1_000));
    timers.wakeAt('inbound', 1, inMs(2_000));
    timers.wakeAt('inbound', 2, inMs(2_000));
    timers.wakeAt('outbound', 1, inMs(2_000));
    clock.advance(1_000);
    expect(woken).toEqual(['inbound 1']);
    clock.advance(9_000);
    expect(woken).toEqual(['inbound 1', 'inbound 2', 'outbound 1']);
  });

  it.each([600_000, -600_000])(
    'wakes at the earliest time also where the shared time was set by %i ms in between',
    (byMs) => {
      let setBy = 0;
      const sharedTime = () => clock.now() + setBy;
      const ofSet = new TimerClock(clock, sharedTime);
      ofSet.follow('inbound', { wake: (lane) => void woken.push(`inbound ${lane}`) });
      ofSet.wakeAt('inbound', 1, sharedTime() + 3_600_000);
      ofSet.wakeAt('inbound', 2, sharedTime() + 1_000);
      setBy = byMs;
      ofSet.wakeAt('inbound', 1, sharedTime() + 5_000);
      ofSet.wakeAt('inbound', 2, sharedTime() + 60_000);
      clock.advance(1_000);
      expect(woken).toEqual(['inbound 2']);
      clock.advance(4_000);
      expect(woken).toEqual(['inbound 2', 'inbound 1']);
    },
  );

  it('wakes at once what is due, and can be asked again', () => {
    timers.wakeAt('inbound', 1, inMs(-5_000));
    clock.advance(0);
    timers.wakeAt('inbound', 1, inMs(1_000));
    clock.advance(1_000);
    expect(woken).toEqual(['inbound 1', 'inbound 1']);
  });

  it('wakes after a day what is further off than a timer can be, so that its queue asks again', () => {
    timers.wakeAt('inbound', 1, inMs(60 * 86_400_000));
    clock.advance(86_400_000);
    expect(woken).toEqual(['inbound 1']);
  });

  it('wakes nobody once it is stopped', () => {
    timers.wakeAt('inbound', 1, inMs(1_000));
    timers.stop();
    clock.advance(2_000);
    expect(woken).toEqual([]);
  });
});
