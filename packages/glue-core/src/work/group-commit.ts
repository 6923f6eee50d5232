import type { Clock } from '../clock/clock.js';
import { GlueError } from '../errors/glue-error.js';
import { gather } from './gather.js';

/** How often a database that is away is tried, in milliseconds. */
const PROBE_MS = 200;
/** How long those of a group may keep each other waiting, one by one, when several meet a lock, in milliseconds. */
const APART_MS = 10_000;

export interface GroupCommitOptions<Item, Result> {
  readonly clock: Clock;
  /** Writes a whole group in one transaction; one result per item, in order. */
  readonly commit: (group: readonly Item[]) => Promise<readonly Result[]>;
  /** Items per group. @defaultValue 64 */
  readonly maxItems?: number;
  /** Items that may wait; one more is refused. @defaultValue 10,000 */
  readonly maxWaiting?: number;
  /** What an item takes up while it waits, and how much may wait together; without it only items are counted. */
  readonly size?: { readonly of: (item: Item) => number; readonly max: number };
  /** The error for a caller that is refused since too many, or too much, wait. */
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
 * A group that fails is written again one by one, beside the groups that follow: a bad item fails alone, and one that
 * meets a lock waits alone. When the database is away, all who wait fail at once, and so does whoever comes, but for
 * one group at a time that tries whether it is back.
 */
export class GroupCommit<Item, Result> {
  readonly #waiting: Waiting<Item, Result>[] = [];
  #writing: Promise<void> | undefined;
  #writingApart: Promise<void> | undefined;
  #waitingSize = 0;
  /** What the database failed with when it was last seen to be away. */
  #away: { readonly error: GlueError; readonly sinceMs: number } | undefined;
  readonly #maxItems: number;
  readonly #maxWaiting: number;

  constructor(private readonly options: GroupCommitOptions<Item, Result>) {
    this.#maxItems = options.maxItems ?? 64;
    this.#maxWaiting = options.maxWaiting ?? 10_000;
  }

  /** Resolves after the commit that holds the item. Rejects with the item's own error, or at once when overloaded. */
  add(item: Item): Promise<Result> {
    if (this.#away && this.#isHopeless(this.#away.sinceMs)) return Promise.reject(this.#away.error);
    const { size, overloaded } = this.options;
    const itemSize = size?.of(item) ?? 0;
    const isTooMuch = size !== undefined && this.#waitingSize + itemSize > size.max && this.#waitingSize > 0;
    if (isTooMuch || this.#waiting.length >= this.#maxWaiting) return Promise.reject(overloaded());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#waitingSize += itemSize;
      this.#writing ??= this.#writeAll();
    });
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    while (this.#writing || this.#writingApart) await Promise.all([this.#writing, this.#writingApart]);
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      await gather(this.options.clock, () => this.#waiting.length, this.#maxItems);
      const group = this.#takeWaiting(this.#maxItems);
      // All may have been refused meanwhile.
      if (group.length > 0) await this.#writeGroup(group);
    }
    this.#writing = undefined;
  }

  async #writeGroup(group: readonly Waiting<Item, Result>[]): Promise<void> {
    const refused = await this.#tryToWrite(group);
    if (!refused) return;
    if (group.length === 1 || isAway(refused.error)) return rejectAll(group, refused.error);
    // One such group at a time, so that what fails slows down those who bring it.
    await this.#writingApart;
    this.#writingApart = this.#writeApart(group).finally(() => (this.#writingApart = undefined));
  }

  async #writeApart(group: readonly Waiting<Item, Result>[]): Promise<void> {
    const { clock } = this.options;
    const givenUpAt = clock.monotonic() + APART_MS;
    for (const [index, one] of group.entries()) {
      const refused = await this.#tryToWrite([one]);
      if (!refused) continue;
      one.reject(refused.error);
      const isTooMuch = isConflict(refused.error) && clock.monotonic() >= givenUpAt;
      if (isTooMuch || isAway(refused.error)) return rejectAll(group.slice(index + 1), refused.error);
    }
  }

  /** Writes a group and answers it. @returns why it was refused; nobody is answered then */
  async #tryToWrite(
    group: readonly Waiting<Item, Result>[],
  ): Promise<{ readonly error: unknown } | undefined> {
    try {
      const results = await this.options.commit(group.map(({ item }) => item));
      if (results.length !== group.length)
        throw new Error(`a group of ${group.length} gave ${results.length} results`);
      this.#away = undefined;
      group.forEach(({ resolve }, index) => resolve(results[index] as Result));
      return undefined;
    } catch (error) {
      if (isAway(error)) {
        this.#away = { error, sinceMs: this.options.clock.monotonic() };
        rejectAll(this.#takeWaiting(Infinity), error);
      }
      return { error };
    }
  }

  #takeWaiting(count: number): readonly Waiting<Item, Result>[] {
    const taken = this.#waiting.splice(0, count);
    const { size } = this.options;
    if (size) for (const { item } of taken) this.#waitingSize -= size.of(item);
    return taken;
  }

  /** While the database is away: somebody tries it already, or tried just now. */
  #isHopeless(sinceMs: number): boolean {
    return this.#writing !== undefined || this.options.clock.monotonic() - sinceMs < PROBE_MS;
  }
}

function rejectAll(group: readonly { readonly reject: (error: unknown) => void }[], error: unknown): void {
  for (const { reject } of group) reject(error);
}

function isAway(error: unknown): error is GlueError {
  return error instanceof GlueError && error.code === 'GLUE_DATABASE_UNAVAILABLE';
}

function isConflict(error: unknown): boolean {
  return error instanceof GlueError && error.code === 'GLUE_DATABASE_CONFLICT';
}
