import type { Clock } from '../clock/clock.js';
import type { Database } from '../database/database.js';
import { isTransientDatabaseError, isUnavailableDatabaseError } from '../database/database-errors.js';
import { GlueError, messageOf } from '../errors/glue-error.js';
import type { Logger } from '../log/logger.js';
import { claimWork, nextDueAt, type ClaimedRow } from './claim-work.js';
import { GroupCommit } from './group-commit.js';
import type { HostLease, LeaseFollower } from './host-lease.js';
import { LaneRing } from './lane-ring.js';
import { releaseOrphans, releaseUnstarted, waitingLanes } from './release-work.js';
import type { RetryClock } from './retry-clock.js';
import { refusedEffects, runAttempt } from './run-attempt.js';
import { settleWork, type Settlement, type SettleResult } from './settle-work.js';
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
/** Pause after the database failed a claim or a settlement, in milliseconds. */
const TROUBLE_PAUSE_MS = 500;

/**
 * One engine for both sides: claims due rows in batches, fair over lanes, runs each within its deadline and settles
 * the results in groups. The rows are the truth; whoever stores an item pokes, and the sweep finds what others left.
 */
export class WorkQueue<Item extends WorkItem> implements LeaseFollower {
  readonly #options: Required<WorkQueueOptions<Item>>;
  readonly #ring: LaneRing;
  readonly #settling: GroupCommit<Settlement, SettleResult>;
  readonly #running = new Set<Promise<void>>();
  #pumping: Promise<void> | undefined;
  #token = 0;
  #turn = 0;
  #started = false;
  #paused = false;
  #sweptAt = 0;

  constructor(options: WorkQueueOptions<Item>) {
    this.#options = { concurrency: 256, random: Math.random, ...options };
    const { source, database, clock, lease } = this.#options;
    this.#ring = new LaneRing((lane) => source.laneLimit(lane));
    this.#settling = new GroupCommit({
      clock,
      maxItems: 200,
      commit: (group) => settleWork(database, source.table, group),
      overloaded: () => new GlueError('GLUE_STORE_UNAVAILABLE', 'too many results wait to be written'),
    });
    lease.follow(this);
  }

  /** Starts claiming. The lease must be held. */
  async start(): Promise<void> {
    this.#started = true;
    await this.sweep();
  }

  /** The lane may have due work: claims it as soon as there is room. */
  poke(lane: number): void {
    this.#ring.poke(lane);
    this.#wake();
  }

  /** Finds every lane with waiting work: pokes those that are due, asks the clock to wake the others. */
  async sweep(): Promise<void> {
    const { database, source, lease, retryClock } = this.#options;
    this.#sweptAt = lease.now();
    for (const { lane, dueAt } of await waitingLanes(database, source.table)) {
      if (dueAt <= lease.now()) this.poke(lane);
      else retryClock.wakeAt(source.name, lane, dueAt);
    }
  }

  /** Takes over what hosts without a lease left behind. */
  async onRenewed(): Promise<void> {
    const { database, source, lease, logger } = this.#options;
    const released = await releaseOrphans(database, source.table, lease.now());
    if (released > 0)
      logger.warn({ queue: source.name, released }, 'took over the work of a host without a lease');
    if (this.#started && (released > 0 || lease.now() - this.#sweptAt >= SWEEP_MS)) await this.sweep();
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
    while (this.#pumping || this.#running.size > 0) {
      await this.#pumping;
      await Promise.all(this.#running);
    }
  }

  #wake(): void {
    if (this.#pumping || !this.#mayClaim()) return;
    this.#pumping = this.#pump().finally(() => {
      this.#pumping = undefined;
      // A poke or a free place that came between the last look and now.
      if (this.#ring.isReady()) this.#wake();
    });
  }

  async #pump(): Promise<void> {
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
        this.#wake();
      });
    }
  }

  #mayClaim(): boolean {
    return (
      this.#started &&
      !this.#paused &&
      this.#running.size < this.#options.concurrency &&
      this.#options.lease.isHeld()
    );
  }

  async #claimLane({ lane, pokes, share }: { lane: number; pokes: number; share: number }): Promise<void> {
    const free = this.#options.concurrency - this.#running.size;
    const limit = Math.min(this.#ring.room(lane), Math.max(1, Math.ceil(free / share)));
    const rows = await this.#claimPhases(lane, limit);
    if (rows.length < limit) {
      this.#ring.drained(lane, pokes);
      await this.#askForWake(lane);
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

  async #askForWake(lane: number): Promise<void> {
    const { database, source, lease, retryClock } = this.#options;
    const at = await nextDueAt(database, source.table, lane);
    if (at !== undefined && at > lease.now()) retryClock.wakeAt(source.name, lane, at);
  }

  async #begin(rows: readonly ClaimedRow[]): Promise<void> {
    const { database, source } = this.#options;
    const items = await source.load(rows).catch(async (error: unknown) => {
      await releaseUnstarted(database, source.table, rows);
      throw error;
    });
    for (const row of rows) {
      const item = items.get(row.id);
      if (item) this.#run(row, item);
    }
  }

  #run(row: ClaimedRow, item: Item): void {
    this.#ring.begin(row.endpointId);
    const running = this.#runAndSettle(row, item).finally(() => {
      this.#running.delete(running);
      this.#ring.end(row.endpointId);
      this.#wake();
    });
    this.#running.add(running);
  }

  async #runAndSettle(row: ClaimedRow, item: Item): Promise<void> {
    const { source, clock, logger, random, lease } = this.#options;
    const settlement = await runAttempt(source, item, row, {
      clock,
      logger,
      random,
      now: () => lease.now(),
      hostSignal: lease.signal,
    });
    if (settlement) await this.#settle(settlement, item);
  }

  /** Writes a result; waits for the database to come back as long as the lease is held. */
  async #settle(settlement: Settlement, item: Item): Promise<void> {
    const { source, logger, lease, clock } = this.#options;
    const { row, step, attempt } = settlement;
    const about = { queue: source.name, id: row.id, endpoint: row.endpointId, attempt: row.attempts };
    try {
      if ((await this.#settling.add(settlement)) === 'late')
        return logger.warn(about, 'a late result was refused');
      const durationMs = attempt.endedAt - attempt.startedAt;
      logger.info(
        { ...about, state: step.state, cause: attempt.cause, note: step.note, durationMs },
        'attempt',
      );
      return this.#afterSettling(settlement);
    } catch (error) {
      logger.error({ ...about, reason: messageOf(error) }, 'a result could not be written');
      if (!isDatabaseTrouble(error)) {
        return settlement.effects.isEmpty
          ? undefined
          : this.#settle(refusedEffects(settlement, item, error), item);
      }
    }
    await new Promise<void>((resolve) => clock.after(TROUBLE_PAUSE_MS, resolve));
    if (row.owner === lease.incarnation && !lease.signal.aborted) await this.#settle(settlement, item);
  }

  #afterSettling({ row, step, nowMs }: Settlement): void {
    const { source, retryClock } = this.#options;
    if (step.state === 'retrying') retryClock.wakeAt(source.name, row.endpointId, nowMs + step.delayMs);
    else if (row.ordered) this.poke(row.endpointId);
  }
}

function isDatabaseTrouble(error: unknown): boolean {
  return (
    (error instanceof GlueError && error.retryable) ||
    isUnavailableDatabaseError(error) ||
    isTransientDatabaseError(error)
  );
}
