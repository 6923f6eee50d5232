import type { Clock } from '../clock/clock.js';
import type { RetryClock } from './retry-clock.js';

/** What is woken. */
interface WokenQueue {
  wake(lane: number): void;
}

/** Longest delay of a timer; a queue that is woken early asks again. */
const LONGEST_MS = 24 * 3_600_000;

/**
 * A retry clock of timers, for a side that is mounted without a host and so without Agenda. Its wake-ups end with the
 * process; the queue's sweep finds what they were for, here or in another process, some seconds late.
 */
export class TimerClock implements RetryClock {
  readonly #queues = new Map<string, WokenQueue>();
  /** By when they are due by the monotonic clock: it is not set. */
  readonly #wakeUps = new Map<string, { readonly ringsAt: number; readonly cancel: () => void }>();

  /** @param now - the shared time, Unix milliseconds */
  constructor(
    private readonly clock: Clock,
    private readonly now: () => number,
  ) {}

  /** Has a queue woken; before anything is asked for it. */
  follow(queue: string, woken: WokenQueue): void {
    this.#queues.set(queue, woken);
  }

  wakeAt(queue: string, lane: number, atMs: number): void {
    const key = `${queue}:${lane}`;
    const delayMs = Math.min(Math.max(0, atMs - this.now()), LONGEST_MS);
    const ringsAt = this.clock.monotonic() + delayMs;
    const asked = this.#wakeUps.get(key);
    if (asked && asked.ringsAt <= ringsAt) return;
    asked?.cancel();
    const cancel = this.clock.after(delayMs, () => {
      this.#wakeUps.delete(key);
      this.#queues.get(queue)?.wake(lane);
    });
    this.#wakeUps.set(key, { ringsAt, cancel });
  }

  stop(): void {
    for (const { cancel } of this.#wakeUps.values()) cancel();
    this.#wakeUps.clear();
  }
}
