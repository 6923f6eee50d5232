import type { Logger } from '../log/logger.js';
import type { Outcome } from '../outcome/outcome.js';
import type { Failure, RetryPolicy } from '../retry/retry-policy.js';
import type { ClaimedRow } from './claim-work.js';
import type { LargeContent } from './content-memory.js';
import type { Effects } from './effects.js';
import type { Held } from './hold-work.js';
import type { AttemptRecord } from './settle-work.js';
import type { WorkTable } from './work-table.js';

/** What belongs to one attempt. */
export interface AttemptContext {
  /** 1 for the first. */
  readonly attempt: number;
  /** Aborted at the deadline, when the host's lease is lost, and when the host stops. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
  /** Written with the outcome, in one transaction, or not at all. */
  readonly effects: Effects;
  /**
   * Tells what comes of the attempt before it has ended, where what is left to do changes nothing: from then on this is
   * recorded should its time be up, the host stop, or the lease be lost; as far as the item is still this host's.
   */
  decided(result: AttemptResult): void;
}

/** What an attempt gives back to the queue. */
export interface AttemptResult {
  readonly result: Outcome | Failure;
  /** From the side's closed list of causes. */
  readonly cause?: string;
  /** The stack of an unforeseen error. */
  readonly error?: string;
  /** Columns of the side for the attempt log. */
  readonly side?: AttemptRecord['side'];
}

/** An item with what the queue needs to know of it; the rest is the side's. */
export interface WorkItem {
  readonly id: string;
  readonly retryPolicy: RetryPolicy;
  /** A dead letter keeps later items of its ordering key waiting. */
  readonly blocksKey: boolean;
  /** How long one attempt may take, in milliseconds. */
  readonly deadlineMs: number;
}

/** What a side gives the work queue: its tables, and how one item is tried. */
export interface WorkSource<Item extends WorkItem> {
  /** Name of the queue in logs and wake-ups: the side's name. */
  readonly name: string;
  readonly table: WorkTable;
  /**
   * How many items of a lane may run at once on this host; 0 holds the lane. A lane whose limit rises by itself, with
   * time, is to be poked then.
   * @param running - how many run now: a limit by time is these and what may be begun
   */
  laneLimit(lane: number, running: number): number;
  /**
   * Reads the claimed items. One that is left out has no content any more and becomes a dead letter; one that is `held`,
   * since its endpoint cannot be used or is not known here yet, is given back, and waits as its lane does; one that is
   * {@link Held} for a reason of its own waits until it is freed. What is wrong with a single item is told by its attempt:
   * a rejection is for all of them, who are claimed again.
   * @param maxBytes - content that is larger is not read; {@link LargeContent} stands for it
   */
  load(
    rows: readonly ClaimedRow[],
    maxBytes: number,
  ): Promise<ReadonlyMap<string, Item | 'held' | Held | LargeContent>>;
  /** Frees what is {@link Held} and can be tried now. Part of every sweep. Absent where nothing is ever held so. */
  freeHeld?(): Promise<void>;
  /** Tries one item. Throws only what nobody foresaw. */
  attempt(item: Item, context: AttemptContext): Promise<AttemptResult>;
}
