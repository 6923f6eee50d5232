import type { InjectionToken } from '../di.js';

/** Wakes lanes when their next item falls due. The rows decide what is due: a wake-up lost or doubled is harmless. */
export interface RetryClock {
  /**
   * Asks for a wake-up of one lane, at the given time (Unix milliseconds) or earlier. Returns at once;
   * a clock that cannot be reached says so in its own log and in readiness.
   */
  wakeAt(queue: string, lane: number, atMs: number): void;
}

export const RETRY_CLOCK: InjectionToken<RetryClock> = Symbol('glue:retry-clock');
