import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../src/clock/manual-clock.js';

describe('the manual clock', () => {
  it('stands still until it is advanced', () => {
    const clock = new ManualClock(1_000);
    expect([clock.now(), clock.now()]).toEqual([1_000, 1_000]);
    clock.advance(500);
    expect(clock.now()).toBe(1_500);
  });

  it('calls what falls due, in order and at its time', () => {
    const clock = new ManualClock(0);
    const calls: [string, number][] = [];
    const note = (name: string) => () => void calls.push([name, clock.now()]);
    clock.after(30, note('c'));
    clock.after(10, note('a'));
    clock.after(10, note('b'));
    clock.after(31, note('later'));
    clock.advance(30);
    expect(calls).toEqual([
      ['a', 10],
      ['b', 10],
      ['c', 30],
    ]);
  });

  it('calls timers once, and those that timers set', () => {
    const clock = new ManualClock(0);
    const ticks: number[] = [];
    const tick = () => {
      ticks.push(clock.now());
      clock.after(10, tick);
    };
    clock.after(10, tick);
    clock.advance(35);
    clock.advance(5);
    expect(ticks).toEqual([10, 20, 30, 40]);
  });

  it('leaves out what was cancelled, also by another timer', () => {
    const clock = new ManualClock(0);
    const calls: string[] = [];
    const cancelLate = clock.after(20, () => calls.push('late'));
    clock.after(10, cancelLate);
    const cancel = clock.after(10, () => calls.push('never'));
    cancel();
    cancel();
    clock.advance(100);
    expect(calls).toEqual([]);
  });
});
