import type { Clock } from './clock.js';

/** A clock for tests: time stands still until {@link ManualClock.advance}. */
export class ManualClock implements Clock {
  #setByMs = 0;
  #timers: { at: number; call: () => void }[] = [];

  constructor(private nowMs = Date.UTC(2026, 0, 1)) {}

  now(): number {
    return this.nowMs + this.#setByMs;
  }

  monotonic(): number {
    return this.nowMs;
  }

  /** Sets the clock to another time; timers and {@link ManualClock.monotonic} do not notice. */
  set(toMs: number): void {
    this.#setByMs = toMs - this.nowMs;
  }

  after(delayMs: number, call: () => void): () => void {
    const timer = { at: this.nowMs + delayMs, call };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Moves time on and calls every timer that falls due, in order. */
  advance(byMs: number): void {
    const end = this.nowMs + byMs;
    for (;;) {
      const next = this.#timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.nowMs = Math.max(this.nowMs, next.at);
      next.call();
    }
    this.nowMs = end;
  }
}
