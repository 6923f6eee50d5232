import type { Clock } from '../clock/clock.js';
import { GlueError } from '../errors/glue-error.js';

export interface GroupCommitOptions<Item, Result> {
  readonly clock: Clock;
  /** Writes a whole group in one transaction; one result per item, in order. */
  readonly commit: (group: readonly Item[]) => Promise<readonly Result[]>;
  /** Items per group. @defaultValue 64 */
  readonly maxItems?: number;
  /** How long the first of a group waits for company, in milliseconds. 0 takes what has come together by itself. @defaultValue 0 */
  readonly maxWaitMs?: number;
  /** Items that may wait; one more is refused. @defaultValue 10,000 */
  readonly maxWaiting?: number;
  /** The error for a caller that is refused since too many wait. */
  readonly overloaded: () => Error;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Lets concurrent callers share one transaction; each is answered after the commit. One group is written at a
 * time, and those who come meanwhile make up the next, so groups grow with the load by themselves.
 * A group that fails is written again one by one: a bad item fails alone. When the database is away, all fail at once.
 */
export class GroupCommit<Item, Result> {
  readonly #waiting: Waiting<Item, Result>[] = [];
  #writing: Promise<void> | undefined;
  readonly #maxItems: number;
  readonly #maxWaiting: number;

  constructor(private readonly options: GroupCommitOptions<Item, Result>) {
    this.#maxItems = options.maxItems ?? 64;
    this.#maxWaiting = options.maxWaiting ?? 10_000;
  }

  /** Resolves after the commit that holds the item. Rejects with the item's own error, or at once when overloaded. */
  add(item: Item): Promise<Result> {
    if (this.#waiting.length >= this.#maxWaiting) return Promise.reject(this.options.overloaded());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#writing ??= this.#writeAll();
    });
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  async #writeAll(): Promise<void> {
    await this.#company();
    while (this.#waiting.length > 0) await this.#writeGroup(this.#waiting.splice(0, this.#maxItems));
    this.#writing = undefined;
  }

  /** Gives the callers of this turn of the event loop, or of the next milliseconds, time to join. */
  #company(): Promise<void> {
    const { maxWaitMs = 0, clock } = this.options;
    return new Promise((resolve) =>
      maxWaitMs === 0 ? setImmediate(resolve) : clock.after(maxWaitMs, resolve),
    );
  }

  async #writeGroup(group: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.options.commit(group.map(({ item }) => item));
      if (results.length !== group.length)
        throw new Error(`a group of ${group.length} gave ${results.length} results`);
      group.forEach(({ resolve }, index) => resolve(results[index] as Result));
    } catch (error) {
      const isAway = error instanceof GlueError && error.code === 'GLUE_DATABASE_UNAVAILABLE';
      if (group.length === 1 || isAway) return group.forEach(({ reject }) => reject(error));
      for (const one of group) await this.#writeGroup([one]);
    }
  }
}
