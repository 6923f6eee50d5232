import type { Clock } from 'glue-core';

/** Between two lines, in milliseconds. */
const PAUSE_MS = 1_000;

/** Lines about what any caller can cause, hundreds a second: they share one line a second, which tells for how many it stands. */
export class SparseLog {
  #untold = 0;
  #toldAtMs = -Infinity;

  constructor(
    private readonly clock: Clock,
    private readonly write: (fields: object) => void,
  ) {}

  tell(fields: () => object): void {
    const now = this.clock.monotonic();
    this.#untold += 1;
    if (now - this.#toldAtMs < PAUSE_MS) return;
    this.write({ ...fields(), requests: this.#untold });
    this.#untold = 0;
    this.#toldAtMs = now;
  }
}
