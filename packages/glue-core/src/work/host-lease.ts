import type { Clock } from '../clock/clock.js';
import type { Database } from '../database/database.js';
import { databaseNow } from '../database/database-time.js';
import { inTransaction, runAgain } from '../database/in-transaction.js';
import { messageOf } from '../errors/glue-error.js';
import type { Logger } from '../log/logger.js';
import { HOSTS, type HostRow } from './host-table.js';
import { Namesakes } from './namesakes.js';
import { systemProcesses, type Processes } from './process-mark.js';

export interface HostLeaseOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Name of this host; equal after a restart, different from those of hosts that run at the same time. */
  readonly name: string;
  /** @defaultValue 12,000 ms */
  readonly leaseMs?: number;
  /** @defaultValue 3,000 ms */
  readonly renewMs?: number;
  /** The database's time; all hosts measure leases and due times by it. */
  readonly readTime?: (database: Database) => Promise<number>;
  /** @defaultValue the system's */
  readonly processes?: Processes;
}

/** How long after a lease has run out to look, in milliseconds. */
const LOOK_AFTER_MS = 100;

interface Interval {
  readonly least: number;
  readonly most: number;
}

/** What follows the lease: called after each renewal, and when the lease is lost. */
export interface LeaseFollower {
  /**
   * After a renewal; other hosts' leases may have run out. However long it takes, the lease is renewed meanwhile, and it
   * is not called again before it has ended.
   */
  onRenewed(): Promise<void>;
}

/**
 * The one lease of this host. Claims carry its incarnation; when it is lost, the work that it covers is aborted and
 * a new incarnation begins. The database's clock decides, so a host whose clock is off, or is set, harms nobody.
 */
export class HostLease {
  readonly #options: Required<HostLeaseOptions>;
  readonly #followers: LeaseFollower[] = [];
  readonly #namesakes: Namesakes;
  /** Incarnations of this lease that were lost. */
  readonly #lost = new Set<number>();
  #incarnation = 0;
  #heldUntil = 0;
  /** By how much the database's time is ahead of our monotonic clock: at least, and at most. */
  #ahead: Interval | undefined;
  #abort = new AbortController();
  #cancelRenewal: (() => void) | undefined;
  #cancelWatch: (() => void) | undefined;
  #cancelLook: (() => void) | undefined;
  #stopped = true;
  #renewing: Promise<void> = Promise.resolve();
  #looking: Promise<void> | undefined;

  constructor(options: HostLeaseOptions) {
    this.#options = {
      ...{ leaseMs: 12_000, renewMs: 3_000, readTime: databaseNow, processes: systemProcesses() },
      ...options,
    };
    this.#namesakes = new Namesakes(this.#options);
  }

  /** Number that marks this host's claims until the lease is lost. */
  get incarnation(): number {
    return this.#incarnation;
  }

  /** Aborted when the lease of the present incarnation is lost. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /**
   * The shared time: what the database said last, and what has passed since. Whole Unix milliseconds. Where the database took
   * long to answer it lags rather than leads, so that nobody is taken for dead who is not. Before the first answer: this
   * host's own time.
   */
  now(): number {
    const { clock } = this.#options;
    // The monotonic clock tells fractions too, which columns of whole numbers would keep or round.
    return this.#ahead ? Math.floor(clock.monotonic() + this.#ahead.least) : clock.now();
  }

  /** Whether claims may be made: false once the lease has run out unrenewed. */
  isHeld(): boolean {
    return !this.#stopped && this.#latestNow() < this.#heldUntil;
  }

  /** How late it may be already: by this our own lease is measured. */
  #latestNow(): number {
    const { clock } = this.#options;
    return this.#ahead ? clock.monotonic() + this.#ahead.most : clock.now();
  }

  follow(follower: LeaseFollower): void {
    this.#followers.push(follower);
  }

  /** Takes the lease; what dead predecessors of this name held is free at once. */
  async start(): Promise<void> {
    this.#stopped = false;
    await this.#begin();
    this.#schedule();
    await this.#look();
  }

  /** Gives the lease up; what is still claimed is free for others at once. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelRenewal?.();
    this.#cancelWatch?.();
    this.#cancelLook?.();
    this.#abort.abort(new Error('the host stops'));
    await this.#renewing;
    await this.#looking;
    const own = this.#options.database<HostRow>(HOSTS).where({ incarnation: this.#incarnation });
    await runAgain(() => own.clone().delete());
  }

  async #begin(): Promise<void> {
    const { database, name, leaseMs, processes } = this.#options;
    const now = await this.readTime();
    const namesakes = await runAgain(() => database<HostRow>(HOSTS).where({ name }));
    const dead = this.#namesakes.findDead(namesakes, this.#lost, now);
    this.#incarnation = await inTransaction(database, async (trx) => {
      await trx<HostRow>(HOSTS).whereIn('incarnation', dead).delete();
      const [incarnation] = await trx(HOSTS).insert({
        ...{ name, pid: process.pid, process: processes.own },
        ...{ started_at: now, lease_until: now + leaseMs },
      });
      return Number(incarnation);
    });
    this.#abort = new AbortController();
    this.#holdUntil(now + leaseMs);
  }

  /** Whatever a renewal that hangs may still answer: when the lease runs out, its work is given up. */
  #holdUntil(atMs: number): void {
    this.#heldUntil = atMs;
    this.#cancelWatch?.();
    if (this.#stopped) return;
    this.#cancelWatch = this.#options.clock.after(atMs - this.#latestNow(), () => {
      if (!this.isHeld()) this.#lose();
    });
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#cancelRenewal = this.#options.clock.after(this.#options.renewMs, () => {
      this.#renewing = this.#renew()
        .catch((error: unknown) =>
          this.#options.logger.warn({ reason: messageOf(error) }, 'the host lease could not be renewed'),
        )
        .finally(() => this.#schedule());
    });
  }

  async #renew(): Promise<void> {
    const { database, leaseMs, logger } = this.#options;
    const incarnation = this.#incarnation;
    if (!this.isHeld()) this.#lose();
    const now = await this.readTime();
    const renewed = await runAgain(() =>
      database<HostRow>(HOSTS)
        .where({ incarnation })
        .where('lease_until', '>', now)
        .update({ lease_until: now + leaseMs }),
    );
    if (renewed === 1 && !this.#abort.signal.aborted) {
      this.#holdUntil(now + leaseMs);
      void this.#look();
      return;
    }
    this.#lose();
    await this.#begin();
    logger.warn(
      { lost: incarnation, incarnation: this.#incarnation },
      'the host lease was lost; a new incarnation begins',
    );
    void this.#look();
  }

  #lose(): void {
    this.#heldUntil = 0;
    this.#lost.add(this.#incarnation);
    this.#abort.abort(new Error('the host lease was lost'));
  }

  /** Looks after the work of hosts without a lease: beside the renewals, which wait for nothing, and one look at a time. */
  #look(): Promise<void> {
    this.#looking ??= this.#lookOnce()
      .catch((error: unknown) =>
        this.#options.logger.warn(
          { reason: messageOf(error) },
          'the work of other hosts could not be looked after; the next renewal tries again',
        ),
      )
      .finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #lookOnce(): Promise<void> {
    const { database, clock, renewMs } = this.#options;
    const others = database<HostRow>(HOSTS).whereNot({ incarnation: this.#incarnation });
    await runAgain(() => others.clone().where('lease_until', '<=', this.now()).delete());
    const rows = await runAgain(() => others.clone());
    this.#namesakes.look(rows);
    for (const follower of this.#followers) await follower.onRenewed();
    // The work of a host whose lease is not renewed should not wait for our turn.
    const nextEndsAt = Math.min(...rows.map(({ lease_until }) => Number(lease_until)));
    const untilNextEnds = nextEndsAt - this.now() + LOOK_AFTER_MS;
    this.#cancelLook?.();
    if (this.#stopped || untilNextEnds >= renewMs) return;
    this.#cancelLook = clock.after(Math.max(LOOK_AFTER_MS, untilNextEnds), () => void this.#look());
  }

  /** Asks the database for its time, by which {@link HostLease.now} goes from then on; needs no lease. */
  async readTime(): Promise<number> {
    const { clock, database, readTime } = this.#options;
    const before = clock.monotonic();
    const databaseTime = await readTime(database);
    const after = clock.monotonic();
    // It was told somewhere between our two readings.
    this.#ahead = narrowed(this.#ahead, { least: databaseTime - after, most: databaseTime - before });
    return databaseTime;
  }
}

/** What both say; the newer alone where they contradict each other: the database's clock was set. */
function narrowed(older: Interval | undefined, newer: Interval): Interval {
  if (!older) return newer;
  const both = { least: Math.max(older.least, newer.least), most: Math.min(older.most, newer.most) };
  return both.least <= both.most ? both : newer;
}
