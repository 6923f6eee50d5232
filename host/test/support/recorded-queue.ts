/** Before the time of a test is over, so that it can say what came. */
const TOO_LATE_MS = 25_000;

/** Notes what the clock tells a queue, and lets a test wait for it. */
export class RecordedQueue {
  readonly wakes: { lane: number; at: number }[] = [];
  sweeps = 0;
  onPoke: (lane: number) => void = () => {};
  onSweep: () => void = () => {};
  #notify = () => {};

  wake(lane: number): void {
    this.wakes.push({ lane, at: Date.now() });
    this.onPoke(lane);
    this.#notify();
  }

  async sweep(): Promise<void> {
    this.sweeps += 1;
    this.onSweep();
    this.#notify();
  }

  async until(condition: () => boolean): Promise<void> {
    let isTooLate = false;
    const timer = setTimeout(() => {
      isTooLate = true;
      this.#notify();
    }, TOO_LATE_MS);
    while (!condition() && !isTooLate) {
      await new Promise<void>((resolve) => {
        this.#notify = resolve;
      });
    }
    clearTimeout(timer);
    if (!condition()) throw new Error(`${this.wakes.length} wake-ups, ${this.sweeps} sweeps, and no more`);
  }
}
