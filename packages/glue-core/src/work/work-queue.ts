import type { Clock } from '../clock/clock.js';
import { isOverWithin } from '../clock/is-over-within.js';
import type { Database } from '../database/database.js';
import { messageOf } from '../errors/glue-error.js';
import type { Logger } from '../log/logger.js';
import { BlockedLanes } from './blocked-lanes.js';
import type { ClaimedRow } from './claim-work.js';
import type { HostLease } from './host-lease.js';
import { LaneClaims } from './lane-claims.js';
import { LaneRing, type LaneTurn } from './lane-ring.js';
import type { RetryClock } from './retry-clock.js';
import { RunningWork } from './running-work.js';
import type { Settlement } from './settle-work.js';
import { StrayWork } from './stray-work.js';
import { WaitingWork } from './waiting-work.js';
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
  /** Bytes of large content (over 64 KiB each) that this host holds at once; what is larger runs alone. */
  readonly maxContentBytes: number;
  readonly random?: () => number;
}

/** Pause after the database failed a claim, in milliseconds. */
const TROUBLE_PAUSE_MS = 500;
/** Results that may wait to be written before claiming waits too. */
const MAX_UNSETTLED = 1_000;

/**
 * One engine for both sides: claims due rows in batches, fair over lanes, runs each within its deadline and settles
 * the results in groups. The rows are the truth; whoever stores an item pokes, and the sweep finds what others left.
 */
export class WorkQueue<Item extends WorkItem> {
  readonly #options: Required<WorkQueueOptions<Item>>;
  readonly #ring: LaneRing;
  readonly #claims: LaneClaims;
  readonly #wakeUps: WakeUps;
  readonly #blocked: BlockedLanes;
  readonly #waiting: WaitingWork;
  readonly #running: RunningWork<Item>;
  /** Ids and tokens of the items that are worked on here. */
  readonly #held = new Map<string, number>();
  #pumping: Promise<void> | undefined;
  #started = false;
  #paused = false;

  constructor(options: WorkQueueOptions<Item>) {
    this.#options = { random: Math.random, ...options };
    const { source, database, lease, concurrency } = this.#options;
    this.#ring = new LaneRing({
      places: concurrency,
      limitOf: (lane, running) => (this.#blocked.has(lane) ? 0 : source.laneLimit(lane, running)),
    });
    this.#wakeUps = new WakeUps(this.#options);
    this.#blocked = new BlockedLanes(this.#options);
    const strays = new StrayWork(database, source.table);
    const shared = { strays, held: this.#held };
    this.#claims = new LaneClaims({ database, lease, table: source.table, ...shared });
    this.#waiting = new WaitingWork({
      ...this.#options,
      ...shared,
      wakeUps: this.#wakeUps,
      wake: (lane) => this.wake(lane),
      goOn: () => this.#wakePump(),
      lastWrites: () => this.#running.lastWrites(),
    });
    this.#running = new RunningWork({
      ...this.#options,
      ...shared,
      ring: this.#ring,
      hasRoom: () => this.#wakePump(),
      settled: (settlement) => this.#afterSettling(settlement),
    });
    lease.follow(this.#waiting);
  }

  /** Starts claiming. The lease must be held. */
  async start(): Promise<void> {
    this.#started = true;
    this.#running.start();
    await this.#waiting.start();
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
  sweep(): Promise<void> {
    return this.#waiting.sweep();
  }

  /**
   * Stops claiming and waits for what runs, up to the deadline. What is decided then is written, for half a second more
   * at most.
   * @returns whether everything was finished; what was not is taken over by others once the lease is given up
   */
  async stop(deadlineMs: number): Promise<boolean> {
    this.#started = false;
    this.#waiting.stop();
    this.#running.giveBackWaiting();
    if (await isOverWithin(this.#options.clock, deadlineMs, this.idle())) return true;
    await this.#running.writeDecided();
    return this.#running.size === 0;
  }

  /** How many items are worked on here. */
  get held(): number {
    return this.#held.size;
  }

  /** Resolves when nothing is claimed, running or being settled here. */
  async idle(): Promise<void> {
    while (this.#pumping || this.#running.size > 0) await Promise.all([this.#pumping, this.#running.ended()]);
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
    const hasRoom = this.#running.size < concurrency + MAX_UNSETTLED;
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
      if (claimed.length > 0) await this.#running.begin(claimed);
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
    else this.#running.track(this.#blocked.block(lane, () => this.#started));
  }

  /** A retry that is due before anybody has asked when it is needs no wake-up; nor does one nobody could ask for. */
  async #askSoon(lane: number): Promise<void> {
    if (await this.#wakeUps.askSoon(lane)) this.wake(lane);
  }

  #afterSettling({ row, step }: Settlement): void {
    const { endpointId: lane } = row;
    if (step.state === 'retrying') this.#running.track(this.#askSoon(lane));
    else if (row.openKey !== undefined) this.wake(lane);
  }
}
