import type { Clock } from '../clock/clock.js';
import type { Database } from '../database/database.js';
import type { Logger } from '../log/logger.js';
import { freeLane } from './free-fronts.js';
import type { HostLease, LeaseFollower } from './host-lease.js';
import { redateWork } from './redate-work.js';
import { releaseOrphans } from './release-work.js';
import type { RetryClock } from './retry-clock.js';
import type { StrayWork } from './stray-work.js';
import { waitingLanes } from './waiting-lanes.js';
import type { WakeUps } from './wake-ups.js';
import type { WorkItem, WorkSource } from './work-source.js';

export interface WaitingWorkOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly lease: HostLease;
  readonly retryClock: RetryClock;
  readonly source: Pick<WorkSource<WorkItem>, 'name' | 'table' | 'freeHeld'>;
  readonly wakeUps: WakeUps;
  readonly strays: StrayWork;
  /** Ids and tokens of the items that are worked on here. */
  readonly held: ReadonlyMap<string, number>;
  /** Has a lane claimed from. */
  readonly wake: (lane: number) => void;
  /** Claims from the lanes that are awake: nobody could while there was no lease. */
  readonly goOn: () => void;
  /** Resolves when what an incarnation that was lost had decided is written. */
  readonly lastWrites: () => Promise<void>;
}

/** How often waiting lanes are looked for when nobody pokes, in milliseconds. */
const SWEEP_MS = 15_000;

/**
 * Finds what waits in the database and what nobody pokes for: due work of every lane, what hosts without a lease left
 * behind, what carries this host's mark without its knowing, and what is dated in a time that is still to come.
 */
export class WaitingWork implements LeaseFollower {
  #isStarted = false;
  /** By the monotonic clock. */
  #sweptAt = -Infinity;

  constructor(private readonly options: WaitingWorkOptions) {}

  async start(): Promise<void> {
    this.#isStarted = true;
    // While no host ran, nobody saw the clock being set.
    await this.#redate();
    await this.sweep();
  }

  stop(): void {
    this.#isStarted = false;
  }

  /** Finds every lane with waiting work: wakes those that are due, asks the clock to wake the others. */
  async sweep(): Promise<void> {
    const { database, source, lease, retryClock, clock, strays, wake } = this.options;
    const startedAt = clock.monotonic();
    await source.freeHeld?.();
    for (const { lane, dueAt, hasBlocked } of await waitingLanes(database, source.table)) {
      const freed = hasBlocked ? await freeLane(database, source.table, lane) : 0;
      if (freed > 0 || dueAt <= lease.now()) wake(lane);
      else if (dueAt !== Infinity) retryClock.wakeAt(source.name, lane, dueAt);
    }
    await strays.lookForTheLast(() => this.#releaseStrays());
    this.#sweptAt = startedAt;
  }

  /** After a renewal of the lease: takes over what others left behind, and sweeps where that, or time, asks for it. */
  async onRenewed(): Promise<void> {
    const { lease, clock, strays, lastWrites, goOn } = this.options;
    goOn();
    // Before its work is taken over, and tried again.
    await lastWrites();
    const sweptAt = this.#sweptAt;
    // Should the database fail on the way, what is released already is found at the next renewal.
    this.#sweptAt = -Infinity;
    const released = await this.#takeOver();
    // The start sweeps.
    if (!this.#isStarted) return;
    if (lease.wasTimeSetBack) await this.#redate();
    const isTime = lease.wasTimeSetBack || clock.monotonic() - sweptAt >= SWEEP_MS;
    if (released > 0 || isTime) return this.sweep();
    if (strays.areExpected) await this.#releaseStrays();
    this.#sweptAt = sweptAt;
  }

  async #takeOver(): Promise<number> {
    const { database, source, lease, logger } = this.options;
    const released = await releaseOrphans(database, source.table, lease.now());
    if (released > 0)
      logger.warn({ queue: source.name, released }, 'took over the work of a host without a lease');
    return released;
  }

  async #releaseStrays(): Promise<void> {
    const { source, lease, logger, clock, strays, held, wake } = this.options;
    const released = await strays.release(lease.incarnation, held, clock.monotonic());
    if (released.length === 0) return;
    logger.warn({ queue: source.name, released: released.length }, 'released work that nobody here knew of');
    for (const { endpointId } of released) wake(endpointId);
  }

  async #redate(): Promise<void> {
    const { database, source, lease, logger, wakeUps } = this.options;
    wakeUps.forgetAll();
    const redated = await redateWork(database, source.table, lease.now());
    if (redated > 0)
      logger.warn(
        { queue: source.name, redated },
        "the database's clock was set back; what was stored by its old time falls due by the new one",
      );
  }
}
