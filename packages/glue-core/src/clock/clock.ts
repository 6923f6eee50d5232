import type { InjectionToken } from '../di.js';

/** Time and timers, so that tests turn them by hand. */
export interface Clock {
  /** Unix milliseconds. */
  now(): number;
  /** Calls once after the delay. The timer never keeps the process alive. @returns a function that cancels it */
  after(delayMs: number, call: () => void): () => void;
}

export const CLOCK: InjectionToken<Clock> = Symbol('glue:clock');

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, call) => {
    const timer = setTimeout(call, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
