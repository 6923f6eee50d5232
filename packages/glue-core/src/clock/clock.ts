import type { InjectionToken } from '../di.js';

/** Time and timers, so that tests turn them by hand. */
export interface Clock {
  /** Unix milliseconds. This clock can be set while the process runs: for durations use {@link Clock.monotonic}. */
  now(): number;
  /** Milliseconds since some moment, that only go forward whatever is done to the clock; only differences mean something. */
  monotonic(): number;
  /** Calls once after the delay. The timer never keeps the process alive. @returns a function that cancels it */
  after(delayMs: number, call: () => void): () => void;
}

export const CLOCK: InjectionToken<Clock> = Symbol('glue:clock');

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (delayMs, call) => {
    const timer = setTimeout(call, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
