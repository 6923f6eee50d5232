import type { Clock } from '../clock/clock.js';
import type { Database } from '../database/database.js';
import { messageOf } from '../errors/glue-error.js';
import type { Logger } from '../log/logger.js';
import { defaultRetryPolicy, type RetryPolicy } from '../retry/retry-policy.js';
import { BlockedLanes } from './blocked-lanes.js';
import type { ClaimedRow } from './claim-work.js';
import { freeLane } from './free-fronts.js';
import type { HostLease, LeaseFollower } from './host-lease.js';
import { LaneClaims } from './lane-claims.js';
import { LaneRing, type LaneTurn } from './lane-ring.js';
import { releaseOrphans, releaseUnstarted } from './release-work.js';
import type { RetryClock } from './retry-clock.js';
import { ResultWriter } from './result-writer.js';
import { contentGone, runAttempt } from './run-attempt.js';
import type { Settlement } from './settle-work.js';
import { StrayWork } from './stray-work.js';
import { waitingLanes } from './waiting-lanes.js';
import { WakeUps } from './wake-ups.js';
import type { WorkItem, WorkSource } from './work-source.js';

export interface WorkQueueOptions<Item extends WorkItem> {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly lease: HostLease;
  readonly retryClock: RetryClock;
  readonly source: WorkSource<Item>;
  /**
   * Items that may run at once on this host, all lanes together. The last quarter of these places is for lanes of which
   * nothing runs.
   */
  readonly concurrency: number;
  readonly random?: () => number;
}

/** How often waiting lanes are looked for when nobody pokes, in milliseconds. */
const SWEEP_MS = 15_000;
/** Pause after the database failed a claim, in milliseconds. */
const TROUBLE_PAUSE_MS = 500;
/** Results that may wait to be written before claiming waits too. */
const MAX_UNSETTLED = 1_000;

/**
 * One engine for both sides: claims due rows in batches, fair over lanes, runs each within its deadline and settles
 * the results in groups. The rows are the truth; whoever stores an item pokes, and the sweep finds what others left.
 */
export class WorkQueue<Item extends WorkItem> implements LeaseFollower {
  readonly #options: Required<WorkQueueOptions<Item>>;
  readonly #ring: LaneRing;
  readonly #results: ResultWriter<Item>;
  readonly #strays: StrayWork;
  readonly #claims: LaneClaims;
  readonly #wakeUps: WakeUps;
  readonly #blocked: BlockedLanes;
  /** Ids and tokens of the items that are worked on here. */
  readonly #held = new Map<string, number>();
  /** Everything begun here and not ended: attempts, settlements, questions to the clock. */
  readonly #open = new Set<Promise<void>>();
  #pumping: Promise<void> | undefined;
  #started = false;
  #paused = false;
  #sweptAt = -Infinity;

  constructor(options: WorkQueueOptions<Item>) {
    this.#options = { random: Math.random, ...options };
    const { source, database, clock, logger, lease, concurrency } = this.#options;
    this.#ring = new LaneRing({
      places: concurrency,
      limitOf: (lane, running) => (this.#blocked.has(lane) ? 0 : source.laneLimit(lane, running)),
    });
    this.#results = new ResultWriter({ database, clock, logger, lease, source });
    this.#strays = new StrayWork(database, source.table);
    this.#claims = new LaneClaims({
      ...{ database, lease, table: source.table },
      ...{ strays: this.#strays, held: this.#held },
    });
    this.#wakeUps = new WakeUps(this.#options);
    this.#blocked = new BlockedLanes(this.#options);
    lease.follow(this);
  }

  /** Starts claiming. The lease must be held. */
  async start(): Promise<void> {
    this.#started = true;
    await this.sweep();
  }

  /** Fresh work was stored in the lane: it is claimed as soon as there is room. */
  poke(lane: number): void {
    this.#ring.poke(lane);
    this.#wakePump();
  }

  /** Something that waited in the lane, a retry say, may have fallen due. */
  wake(lane: number): void {
    this.#wakeUps.forget(lane);
    this.poke(lane);
  }

  /** Finds every lane with waiting work: wakes those that are due, asks the clock to wake the others. */
  async sweep(): Promise<void> {
    const { database, source, lease, retryClock } = this.#options;
    const startedAt = lease.now();
    for (const { lane, dueAt, hasBlocked } of await waitingLanes(database, source.table)) {
      const freed = hasBlocked ? await freeLane(database, source.table, lane) : 0;
      if (freed > 0 || dueAt <= lease.now()) this.wake(lane);
      else if (dueAt !== Infinity) retryClock.wakeAt(source.name, lane, dueAt);
    }
    await this.#strays.lookForTheLast(() => this.#releaseStrays());
    this.#sweptAt = startedAt;
  }

  async #releaseStrays(): Promise<void> {
    const { source, lease, logger } = this.#options;
    const strays = await this.#strays.release(lease.incarnation, this.#held, lease.now());
    if (strays.length === 0) return;
    logger.warn({ queue: source.name, released: strays.length }, 'released work that nobody here knew of');
    for (const { endpointId } of strays) this.wake(endpointId);
  }

  /** Takes over what hosts without a lease left behind. */
  async onRenewed(): Promise<void> {
    const { database, source, lease, logger } = this.#options;
    const sweptAt = this.#sweptAt;
    // Should the database fail on the way, what is released already is found at the next renewal.
    this.#sweptAt = -Infinity;
    const released = await releaseOrphans(database, source.table, lease.now());
    if (released > 0)
      logger.warn({ queue: source.name, released }, 'took over the work of a host without a lease');
    // The start sweeps.
    if (!this.#started) return;
    if (released > 0 || lease.now() - sweptAt >= SWEEP_MS) return this.sweep();
    if (this.#strays.areExpected) await this.#releaseStrays();
    this.#sweptAt = sweptAt;
  }

  /**
   * Stops claiming and waits for what runs, up to the deadline.
   * @returns whether everything was finished; what was not is taken over by others once the lease is given up
   */
  async stop(deadlineMs: number): Promise<boolean> {
    this.#started = false;
    let cancelTimer = () => {};
    const deadline = new Promise<false>((resolve) => {
      cancelTimer = this.#options.clock.after(deadlineMs, () => resolve(false));
    });
    const finished = await Promise.race([this.idle().then(() => true), deadline]);
    cancelTimer();
    return finished;
  }

  /** How many items are worked on here. */
  get held(): number {
    return this.#held.size;
  }

  /** Resolves when nothing is claimed, running or being settled here. */
  async idle(): Promise<void> {
    while (this.#pumping || this.#open.size > 0) await Promise.all([this.#pumping, ...this.#open]);
  }

  #wakePump(): void {
    if (this.#pumping || !this.#mayClaim()) return;
    this.#pumping = this.#pump().finally(() => {
      this.#pumping = undefined;
      // A poke or a free place that came between the last look and now.
      if (this.#ring.isReady()) this.#wakePump();
    });
  }

  async #pump(): Promise<void> {
    // Attempts that end in the same turn of the event loop share a claim: on SQLite each is a commit.
    await new Promise((resolve) => setImmediate(resolve));
    try {
      while (this.#mayClaim()) {
        const turn = this.#ring.next();
        if (!turn) return;
        await this.#claimLane(turn);
      }
    } catch (error) {
      const { logger, clock, source } = this.#options;
      logger.warn({ queue: source.name, reason: messageOf(error) }, 'work could not be claimed');
      this.#paused = true;
      clock.after(TROUBLE_PAUSE_MS, () => {
        this.#paused = false;
        this.#wakePump();
      });
    }
  }

  #mayClaim(): boolean {
    const { concurrency, lease } = this.#options;
    const hasRoom = this.#open.size < concurrency + MAX_UNSETTLED;
    return this.#started && !this.#paused && hasRoom && lease.isHeld();
  }

  async #claimLane(turn: LaneTurn): Promise<void> {
    const { lane, limit } = turn;
    const { lease } = this.#options;
    const sinceMs = lease.now();
    const mayBeDue = this.#wakeUps.mayBeDue(lane);
    const claimed: ClaimedRow[] = [];
    try {
      await this.#claims.claim({ lane, limit, mayBeDue }, claimed);
    } finally {
      // Also where a later claim of the turn fails.
      if (claimed.length > 0) await this.#begin(claimed);
    }
    if (claimed.length >= limit) return;
    // Nothing, although somebody poked: it falls due in a moment, where the database's clocks differ.
    const isKnown = !mayBeDue && claimed.length > 0;
    // Should the database not tell, the lane stays in the ring.
    const dueAt = isKnown ? Infinity : await this.#wakeUps.ask(lane);
    this.#ring.drained(turn);
    if (dueAt > lease.now()) return;
    // It fell due after the claim; or it waits for another of its ordering key, or another host has it.
    if (dueAt > sinceMs) this.wake(lane);
    else this.#track(this.#blocked.block(lane, () => this.#started));
  }

  async #begin(rows: readonly ClaimedRow[]): Promise<void> {
    const { database, source, lease, logger } = this.#options;
    const items = await source.load(rows).catch(async (error: unknown) => {
      for (const { id, token } of rows) {
        this.#held.delete(id);
        this.#strays.claimLost(token);
      }
      await releaseUnstarted(database, source.table, rows);
      throw error;
    });
    const { incarnation, signal } = lease;
    for (const row of rows) {
      const item = items.get(row.id);
      // The lease was lost meanwhile: who takes it over has it.
      if (row.owner !== incarnation || signal.aborted || !lease.isHeld()) this.#held.delete(row.id);
      else if (item) this.#run(row, item, signal);
      else {
        logger.error(
          { queue: source.name, id: row.id },
          'the content of an item is gone; it is a dead letter',
        );
        this.#settle(row, Promise.resolve(contentGone(row, lease.now())), defaultRetryPolicy);
      }
    }
  }

  /** An item takes a place while its handler runs; writing its result takes none. */
  #run(row: ClaimedRow, item: Item, hostSignal: AbortSignal): void {
    const { source, clock, logger, random, lease } = this.#options;
    this.#ring.begin(row.endpointId);
    const environment = { clock, logger, random, now: () => lease.now(), hostSignal };
    const attempt = runAttempt(source, item, row, environment).finally(() => {
      this.#ring.end(row.endpointId);
      this.#wakePump();
    });
    this.#settle(row, attempt, item.retryPolicy);
  }

  #settle(row: ClaimedRow, attempt: Promise<Settlement | undefined>, retryPolicy: RetryPolicy): void {
    this.#track(
      attempt
        .then((settlement) => settlement && this.#results.write(settlement, retryPolicy))
        .then((written) => written && this.#afterSettling(written))
        .finally(() => {
          if (this.#held.get(row.id) === row.token) this.#held.delete(row.id);
        }),
    );
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => {
      this.#open.delete(tracked);
      this.#wakePump();
    });
    this.#open.add(tracked);
  }

  /** A retry that is due before anybody has asked when it is needs no wake-up; nor does one nobody could ask for. */
  async #askSoon(lane: number): Promise<void> {
    if (await this.#wakeUps.askSoon(lane)) this.wake(lane);
  }

  #afterSettling({ row, step }: Settlement): void {
    const { endpointId: lane } = row;
    if (step.state === 'retrying') this.#track(this.#askSoon(lane));
    else if (row.openKey !== undefined) this.wake(lane);
  }
}
