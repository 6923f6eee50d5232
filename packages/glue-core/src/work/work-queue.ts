import type { Clock } from '../clock/clock.js';
import type { Database } from '../database/database.js';
import { messageOf } from '../errors/glue-error.js';
import type { Logger } from '../log/logger.js';
import { claimWork, type ClaimedRow } from './claim-work.js';
import type { HostLease, LeaseFollower } from './host-lease.js';
import { LaneRing } from './lane-ring.js';
import { releaseOrphans, releaseUnstarted } from './release-work.js';
import type { RetryClock } from './retry-clock.js';
import { ResultWriter } from './result-writer.js';
import { runAttempt } from './run-attempt.js';
import type { Settlement } from './settle-work.js';
import { StrayWork } from './stray-work.js';
import { waitingLanes } from './waiting-lanes.js';
import { WakeUps } from './wake-ups.js';
import { PHASE } from './work-table.js';
import type { WorkItem, WorkSource } from './work-source.js';

export interface WorkQueueOptions<Item extends WorkItem> {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly lease: HostLease;
  readonly retryClock: RetryClock;
  readonly source: WorkSource<Item>;
  /** Items that may run at once on this host, all lanes together. @defaultValue 256 */
  readonly concurrency?: number;
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
  readonly #wakeUps: WakeUps;
  /** Ids and tokens of the items that are worked on here. */
  readonly #held = new Map<string, number>();
  /** Everything begun here and not ended: attempts, settlements, questions to the clock. */
  readonly #open = new Set<Promise<void>>();
  #running = 0;
  #pumping: Promise<void> | undefined;
  #token = 0;
  #turn = 0;
  #started = false;
  #paused = false;
  #sweptAt = 0;

  constructor(options: WorkQueueOptions<Item>) {
    this.#options = { concurrency: 256, random: Math.random, ...options };
    const { source, database, clock, logger, lease } = this.#options;
    this.#ring = new LaneRing((lane) => source.laneLimit(lane));
    this.#results = new ResultWriter({ database, clock, logger, lease, source });
    this.#strays = new StrayWork(database, source.table);
    this.#wakeUps = new WakeUps(this.#options);
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
    this.#sweptAt = lease.now();
    for (const { lane, dueAt } of await waitingLanes(database, source.table)) {
      if (dueAt <= lease.now()) this.wake(lane);
      else retryClock.wakeAt(source.name, lane, dueAt);
    }
    await this.#releaseStrays();
    this.#strays.forgetLostClaims();
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
    const released = await releaseOrphans(database, source.table, lease.now());
    if (released > 0)
      logger.warn({ queue: source.name, released }, 'took over the work of a host without a lease');
    if (!this.#started) return;
    if (released > 0 || lease.now() - this.#sweptAt >= SWEEP_MS) await this.sweep();
    else if (this.#strays.areExpected) await this.#releaseStrays();
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
    try {
      while (this.#mayClaim()) {
        const turn = this.#ring.next();
        if (!turn) return;
        const before = this.#token;
        await this.#claimLane(turn).catch((error: unknown) => {
          for (let token = before + 1; token <= this.#token; token += 1) this.#strays.claimLost(token);
          throw error;
        });
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
    const hasRoom = this.#running < concurrency && this.#open.size < concurrency + MAX_UNSETTLED;
    return this.#started && !this.#paused && hasRoom && lease.isHeld();
  }

  async #claimLane({ lane, pokes, share }: { lane: number; pokes: number; share: number }): Promise<void> {
    const free = this.#options.concurrency - this.#running;
    const limit = Math.min(this.#ring.room(lane), Math.max(1, Math.ceil(free / share)));
    const mayBeDue = this.#wakeUps.mayBeDue(lane);
    const rows = mayBeDue
      ? await this.#claimPhases(lane, limit)
      : await this.#claim(lane, PHASE.first, limit);
    if (rows.length < limit) {
      this.#ring.drained(lane, pokes);
      if (mayBeDue) await this.#wakeUps.ask(lane);
    }
    if (rows.length > 0) await this.#begin(rows);
  }

  /** First attempts go first; every fourth turn keeps a quarter for retries, so that they are not starved. */
  async #claimPhases(lane: number, limit: number): Promise<ClaimedRow[]> {
    this.#turn += 1;
    const reserved = this.#turn % 4 === 0 ? Math.ceil(limit / 4) : 0;
    const early = reserved > 0 ? await this.#claim(lane, PHASE.retry, reserved) : [];
    const first = await this.#claim(lane, PHASE.first, limit - early.length);
    const room = limit - early.length - first.length;
    const retries = room > 0 ? await this.#claim(lane, PHASE.retry, room) : [];
    return [...early, ...first, ...retries];
  }

  async #claim(lane: number, phase: 0 | 1, limit: number): Promise<ClaimedRow[]> {
    if (limit === 0) return [];
    const { database, source, lease } = this.#options;
    this.#token = (this.#token + 1) % 0xffff_ffff;
    const { incarnation: owner } = lease;
    return claimWork(database, source.table, {
      lane,
      phase,
      limit,
      nowMs: lease.now(),
      owner,
      token: this.#token,
    });
  }

  async #begin(rows: readonly ClaimedRow[]): Promise<void> {
    const { database, source, logger } = this.#options;
    for (const { id, token } of rows) this.#held.set(id, token);
    const items = await source.load(rows).catch(async (error: unknown) => {
      for (const { id } of rows) this.#held.delete(id);
      await releaseUnstarted(database, source.table, rows);
      throw error;
    });
    for (const row of rows) {
      const item = items.get(row.id);
      if (item) {
        this.#run(row, item);
        continue;
      }
      this.#held.delete(row.id);
      logger.error(
        { queue: source.name, id: row.id },
        'a claimed item has no content; it was deleted meanwhile',
      );
    }
  }

  /** An item takes a place while its handler runs; writing its result takes none. */
  #run(row: ClaimedRow, item: Item): void {
    const { source, clock, logger, random, lease } = this.#options;
    this.#ring.begin(row.endpointId);
    this.#running += 1;
    const environment = { clock, logger, random, now: () => lease.now(), hostSignal: lease.signal };
    this.#track(
      runAttempt(source, item, row, environment)
        .finally(() => {
          this.#running -= 1;
          this.#ring.end(row.endpointId);
          this.#wakePump();
        })
        .then((settlement) => settlement && this.#results.write(settlement, item))
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

  #afterSettling({ row, step }: Settlement): void {
    const { endpointId: lane } = row;
    if (step.state === 'retrying') this.#track(this.#wakeUps.askSoon(lane));
    else if (row.ordered) this.wake(lane);
  }
}
