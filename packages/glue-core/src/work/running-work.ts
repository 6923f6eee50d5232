import type { Clock } from '../clock/clock.js';
import { isOverWithin } from '../clock/is-over-within.js';
import type { Database } from '../database/database.js';
import type { Logger } from '../log/logger.js';
import { defaultRetryPolicy, type RetryPolicy } from '../retry/retry-policy.js';
import { loggedError } from '../errors/logged-error.js';
import type { ClaimedRow } from './claim-work.js';
import { ContentMemory, LargeContent, SMALL_CONTENT_BYTES } from './content-memory.js';
import type { HostLease } from './host-lease.js';
import { Held, holdWork, type HeldRow } from './hold-work.js';
import type { LaneRing } from './lane-ring.js';
import { releaseUnstarted } from './release-work.js';
import { ResultWriter } from './result-writer.js';
import { runAttempt } from './run-attempt.js';
import type { Settlement } from './settle-work.js';
import type { StrayWork } from './stray-work.js';
import { contentGone } from './untried-results.js';
import type { WorkItem, WorkSource } from './work-source.js';

export interface RunningWorkOptions<Item extends WorkItem> {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly lease: HostLease;
  readonly source: WorkSource<Item>;
  readonly random: () => number;
  /** Bytes of large content that are held at once. */
  readonly maxContentBytes: number;
  /** Where an item has its place while its handler runs. */
  readonly ring: LaneRing;
  readonly strays: StrayWork;
  /** Ids and tokens of the items that are worked on here; who is done with one takes it out. */
  readonly held: Map<string, number>;
  /** Called when there is room for more. */
  readonly hasRoom: () => void;
  /** Called when a result is written. */
  readonly settled: (settlement: Settlement) => void;
}

type Loaded<Item extends WorkItem> = Awaited<ReturnType<WorkSource<Item>['load']>>;

/** What results that are decided when a stop's time is up may take to be written, in milliseconds. */
const LAST_WRITES_MS = 500;

/** What this host has claimed, from the claim to the written result: loads it, has it tried, settles it. */
export class RunningWork<Item extends WorkItem> {
  readonly #results: ResultWriter<Item>;
  readonly #memory: ContentMemory;
  /** Everything begun here and not ended: attempts, settlements, and what follows from them. */
  readonly #open = new Set<Promise<void>>();
  /** Results that are being written, and the incarnation whose they are. */
  readonly #writing = new Map<Promise<unknown>, number>();
  /** Ends the wait for attempts whose result is decided. */
  #stop = new AbortController();
  /** Ends the wait for memory. */
  #claiming = new AbortController();

  constructor(private readonly options: RunningWorkOptions<Item>) {
    this.#results = new ResultWriter(options);
    this.#memory = new ContentMemory(options.maxContentBytes);
  }

  start(): void {
    this.#stop = new AbortController();
    this.#claiming = new AbortController();
  }

  /** Gives back what was claimed and waits for memory. */
  giveBackWaiting(): void {
    this.#claiming.abort();
  }

  /** How much has begun and not ended. */
  get size(): number {
    return this.#open.size;
  }

  /** Begins an attempt at each claimed item. What cannot be begun now is given back; rejects where that is all of it. */
  async begin(rows: readonly ClaimedRow[]): Promise<void> {
    const items = await this.#load(rows, SMALL_CONTENT_BYTES);
    void (await this.#beginEach(rows, items));
  }

  /** @returns what was begun, once what cannot be begun now is given back */
  async #beginEach(rows: readonly ClaimedRow[], items: Loaded<Item>): Promise<readonly Promise<unknown>[]> {
    const { lease, held } = this.options;
    const { incarnation, signal } = lease;
    const heldBack: ClaimedRow[] = [];
    const waiting: HeldRow[] = [];
    const begun: Promise<unknown>[] = [];
    for (const row of rows) {
      const item = items.get(row.id);
      // The lease was lost meanwhile: who takes it over has it.
      if (row.owner !== incarnation || signal.aborted || !lease.isHeld()) held.delete(row.id);
      else if (item === undefined) this.#settleGone(row);
      else if (item === 'held') heldBack.push(row);
      else if (item instanceof Held) waiting.push({ row, reason: item.reason });
      else if (item instanceof LargeContent) this.track(this.#beginLarge(row, item, signal));
      else begun.push(this.#run(row, item, signal));
    }
    if (heldBack.length > 0) await this.#giveBack(heldBack);
    if (waiting.length > 0) await this.#hold(waiting);
    return begun;
  }

  /** Large content is read when there is memory for it; until then the item waits here, in its place. Never rejects. */
  async #beginLarge(row: ClaimedRow, { bytes }: LargeContent, hostSignal: AbortSignal): Promise<void> {
    const { ring, held, hasRoom, logger, source } = this.options;
    const { endpointId: lane } = row;
    const given = AbortSignal.any([hostSignal, this.#claiming.signal]);
    ring.begin(lane);
    const hasMemory = await this.#memory.take(lane, bytes, given);
    try {
      if (hasMemory) await this.#runLarge(row);
      else if (hostSignal.aborted) held.delete(row.id);
      else await this.#giveBack([row]);
    } catch (error) {
      logger.warn({ queue: source.name, id: row.id, ...loggedError(error) }, 'an item could not be begun');
    } finally {
      ring.end(lane);
      if (hasMemory) this.#memory.giveBack(lane, bytes);
      hasRoom();
    }
  }

  async #runLarge(row: ClaimedRow): Promise<void> {
    const begun = await this.#beginEach([row], await this.#load([row], Infinity));
    await Promise.all(begun);
  }

  async #load(rows: readonly ClaimedRow[], maxBytes: number): Promise<Loaded<Item>> {
    return this.options.source.load(rows, maxBytes).catch(async (error: unknown) => {
      await this.#giveBack(rows);
      throw error;
    });
  }

  /** Keeps count of something that follows from a result. */
  track(work: Promise<void>): void {
    const tracked = work.finally(() => {
      this.#open.delete(tracked);
      this.options.hasRoom();
    });
    this.#open.add(tracked);
  }

  /** Resolves when all that has begun by now has ended. */
  async ended(): Promise<void> {
    await Promise.all(this.#open);
  }

  /** The time of a stop is up: waits no longer for attempts whose result is decided, and a moment for these to be written. */
  async writeDecided(): Promise<void> {
    this.#stop.abort(new Error('the host stops'));
    // A turn later they are being written.
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#writing.size === 0) return;
    await isOverWithin(this.options.clock, LAST_WRITES_MS, Promise.all(this.#writing.keys()));
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Resolves when what an incarnation that was lost had decided is written, before its work is taken over. */
  async lastWrites(): Promise<void> {
    const { lease } = this.options;
    const last = [...this.#writing].filter(([, owner]) => owner !== lease.incarnation);
    await Promise.all(last.map(([writing]) => writing));
  }

  /** Should the database not take it back, it is found as work that nobody here knows of. */
  async #giveBack(rows: readonly ClaimedRow[]): Promise<void> {
    const { database, source } = this.options;
    await this.#letGo(rows, () => releaseUnstarted(database, source.table, rows));
  }

  /** Items that wait for whom they are for. */
  async #hold(waiting: readonly HeldRow[]): Promise<void> {
    const { database, source, logger } = this.options;
    const rows = waiting.map(({ row }) => row);
    await this.#letGo(rows, () => holdWork(database, source.table, waiting));
    for (const [reason, { length: count }] of Map.groupBy(waiting, ({ reason }) => reason))
      logger.warn({ queue: source.name, count, reason }, 'work is held');
  }

  async #letGo(rows: readonly ClaimedRow[], write: () => Promise<void>): Promise<void> {
    const { held, strays } = this.options;
    for (const { id } of rows) held.delete(id);
    await write().catch((error: unknown) => {
      for (const { token } of rows) strays.claimLost(token);
      throw error;
    });
  }

  /** An item takes a place while its handler runs; writing its result takes none. */
  #run(row: ClaimedRow, item: Item, hostSignal: AbortSignal): Promise<unknown> {
    const { source, clock, logger, random, lease, ring, hasRoom } = this.options;
    ring.begin(row.endpointId);
    const stopSignal = this.#stop.signal;
    const environment = { clock, logger, random, now: () => lease.now(), hostSignal, stopSignal };
    const attempt = runAttempt(source, item, row, environment).finally(() => {
      ring.end(row.endpointId);
      hasRoom();
    });
    this.#settle(row, attempt, item.retryPolicy);
    return attempt;
  }

  #settleGone(row: ClaimedRow): void {
    const { logger, source, lease } = this.options;
    logger.error({ queue: source.name, id: row.id }, 'the content of an item is gone; it is a dead letter');
    this.#settle(row, Promise.resolve(contentGone(row, lease.now())), defaultRetryPolicy);
  }

  #settle(row: ClaimedRow, attempt: Promise<Settlement | undefined>, retryPolicy: RetryPolicy): void {
    const { held, settled } = this.options;
    this.track(
      attempt
        .then((settlement) => settlement && this.#write(settlement, retryPolicy))
        .then((written) => written && settled(written))
        .finally(() => {
          if (held.get(row.id) === row.token) held.delete(row.id);
        }),
    );
  }

  #write(settlement: Settlement, retryPolicy: RetryPolicy): Promise<Settlement | undefined> {
    const writing = this.#results.write(settlement, retryPolicy).finally(() => this.#writing.delete(writing));
    this.#writing.set(writing, settlement.row.owner);
    return writing;
  }
}
