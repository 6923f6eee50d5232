import type { Clock } from '../clock/clock.js';
import type { Database } from '../database/database.js';

export interface SharedTimeOptions {
  readonly database: Database;
  readonly clock: Clock;
  /** The database's time, Unix milliseconds. */
  readonly readTime: (database: Database) => Promise<number>;
}

/** A database's clock that goes wrong by no more than this, in milliseconds, is not worth a word. */
const SET_MS = 1_000;

interface Interval {
  readonly least: number;
  readonly most: number;
}

/** What the database said of the time. */
export interface TimeReading {
  /** Unix milliseconds. */
  readonly now: number;
  /** When, by the monotonic clock, it was that late at the earliest. */
  readonly sinceMs: number;
}

/**
 * The time that all hosts share: what the database said last, and what has passed since by the monotonic clock of this
 * host. Where the database took long to answer it lags rather than leads.
 */
export class SharedTime {
  /** By how much the database's time is ahead of our monotonic clock: at least, and at most. */
  #ahead: Interval | undefined;
  #setBackAt = -Infinity;
  #setForwardAt = -Infinity;

  constructor(private readonly options: SharedTimeOptions) {}

  /** Whole Unix milliseconds. Before the first answer: this host's own time. */
  now(): number {
    const { clock } = this.options;
    // The monotonic clock tells fractions too, which columns of whole numbers would keep or round.
    return this.#ahead ? Math.floor(clock.monotonic() + this.#ahead.least) : clock.now();
  }

  /** Asks the database, and goes by its answer from then on. */
  async read(): Promise<TimeReading> {
    const { clock, database, readTime } = this.options;
    const before = clock.monotonic();
    const now = await readTime(database);
    const after = clock.monotonic();
    // It was told somewhere between our two readings.
    const told = { least: now - after, most: now - before };
    this.#notice(told, after);
    this.#ahead = narrowed(this.#ahead, told);
    return { now, sinceMs: now - this.#ahead.most };
  }

  /** How long ago it was noticed that the database's clock was set back, in milliseconds. */
  get sinceSetBackMs(): number {
    return this.options.clock.monotonic() - this.#setBackAt;
  }

  /** The same of one that was set forward. */
  get sinceSetForwardMs(): number {
    return this.options.clock.monotonic() - this.#setForwardAt;
  }

  #notice(told: Interval, at: number): void {
    if (!this.#ahead) return;
    if (told.most < this.#ahead.least - SET_MS) this.#setBackAt = at;
    if (told.least > this.#ahead.most + SET_MS) this.#setForwardAt = at;
  }
}

/** What both say; the newer alone where they contradict each other: the database's clock was set. */
function narrowed(older: Interval | undefined, newer: Interval): Interval {
  if (!older) return newer;
  const both = { least: Math.max(older.least, newer.least), most: Math.min(older.most, newer.most) };
  return both.least <= both.most ? both : newer;
}
