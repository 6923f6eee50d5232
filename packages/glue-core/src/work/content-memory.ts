/** Content up to this size, in bytes, is read with the claim and not counted. */
export const SMALL_CONTENT_BYTES = 64 * 1024;

/** Stands for a claimed item whose content is larger than was asked for: it is not read yet. */
export class LargeContent {
  /** @param bytes - what it will hold in memory, about */
  constructor(readonly bytes: number) {}
}

interface Waiting {
  readonly lane: number;
  readonly bytes: number;
  readonly begin: (hasRoom: boolean) => void;
}

/** Of all bytes; for lanes that hold none. */
const KEPT_SHARE = 1 / 4;

/**
 * The memory for large content of what this host works on at once. Whoever finds no room waits; the lane that holds least
 * is next, and the last quarter is for lanes that hold nothing. What is larger than all of it waits until it is alone.
 */
export class ContentMemory {
  readonly #heldBy = new Map<number, number>();
  readonly #waiting = new Set<Waiting>();
  #held = 0;

  /** @param maxBytes - for all large content together */
  constructor(private readonly maxBytes: number) {}

  /** Bytes held now. */
  get held(): number {
    return this.#held;
  }

  /** Waits until there is room. @returns whether it was taken; not, when the signal was aborted before */
  take(lane: number, bytes: number, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const waiting: Waiting = {
        lane,
        bytes,
        begin: (hasRoom) => {
          signal.removeEventListener('abort', giveUp);
          this.#waiting.delete(waiting);
          resolve(hasRoom);
        },
      };
      const giveUp = (): void => {
        waiting.begin(false);
        this.#beginNext();
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.#waiting.add(waiting);
      this.#beginNext();
    });
  }

  giveBack(lane: number, bytes: number): void {
    this.#held -= bytes;
    const left = (this.#heldBy.get(lane) ?? 0) - bytes;
    if (left > 0) this.#heldBy.set(lane, left);
    else this.#heldBy.delete(lane);
    this.#beginNext();
  }

  /** Nobody behind the next one is begun before it, so that what is large has its turn, too. */
  #beginNext(): void {
    for (let next = this.#next(); next && this.#fits(next); next = this.#next()) {
      this.#held += next.bytes;
      this.#heldBy.set(next.lane, (this.#heldBy.get(next.lane) ?? 0) + next.bytes);
      next.begin(true);
    }
  }

  #next(): Waiting | undefined {
    let next: Waiting | undefined;
    for (const waiting of this.#waiting)
      if (!next || this.#heldOf(waiting) < this.#heldOf(next)) next = waiting;
    return next;
  }

  #fits({ lane, bytes }: Waiting): boolean {
    const kept = this.#heldBy.has(lane) ? this.maxBytes * KEPT_SHARE : 0;
    return this.#held === 0 || this.#held + bytes <= this.maxBytes - kept;
  }

  #heldOf = ({ lane }: Waiting): number => this.#heldBy.get(lane) ?? 0;
}
