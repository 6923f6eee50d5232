import type { Clock } from '../clock/clock.js';
import type { Database } from '../database/database.js';
import { databaseNow } from '../database/database-time.js';
import { inTransaction, runAgain } from '../database/in-transaction.js';
import { messageOf } from '../errors/glue-error.js';
import type { Logger } from '../log/logger.js';
import { HOSTS, type HostRow } from './host-table.js';
import { Namesakes } from './namesakes.js';
import { systemProcesses, type Processes } from './process-mark.js';
import { SharedTime } from './shared-time.js';

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

/** Pause before a renewal that failed is tried again, in milliseconds. */
const TRY_AGAIN_MS = 500;
/** How long after a lease has run out to look, in milliseconds. */
const LOOK_AFTER_MS = 100;
/** A lease that ends so much later than a whole lease from now was taken by a time that is no more, in milliseconds. */
const TOO_LONG_MS = 1_000;

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
  readonly #time: SharedTime;
  #incarnation = 0;
  /** By the monotonic clock. */
  #heldUntil = -Infinity;
  #abort = new AbortController();
  #cancelRenewal: (() => void) | undefined;
  #cancelWatch: (() => void) | undefined;
  #cancelLook: (() => void) | undefined;
  #stopped = true;
  /** Why the renewal before failed, if it did. */
  #failure: string | undefined;
  #renewing: Promise<void> = Promise.resolve();
  #looking: Promise<void> | undefined;

  constructor(options: HostLeaseOptions) {
    this.#options = {
      ...{ leaseMs: 12_000, renewMs: 3_000, readTime: databaseNow, processes: systemProcesses() },
      ...options,
    };
    this.#namesakes = new Namesakes(this.#options);
    this.#time = new SharedTime(this.#options);
  }

  /** Number that marks this host's claims until the lease is lost. */
  get incarnation(): number {
    return this.#incarnation;
  }

  /** Aborted when the lease of the present incarnation is lost. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** The shared time, whole Unix milliseconds; it follows the database's clock where that is set. */
  now(): number {
    return this.#time.now();
  }

  /** Asks the database for its time, by which {@link HostLease.now} goes from then on; needs no lease. */
  async readTime(): Promise<number> {
    return (await this.#time.read()).now;
  }

  /**
   * Whether the database's clock was set back lately: work may be dated in a time that is still to come, and hosts that
   * have not noticed yet go on dating it so.
   */
  get wasTimeSetBack(): boolean {
    return this.#time.sinceSetBackMs <= this.#options.leaseMs;
  }

  /** Whether claims may be made: false once the lease has run out unrenewed. */
  isHeld(): boolean {
    return !this.#stopped && this.#options.clock.monotonic() < this.#heldUntil;
  }

  follow(follower: LeaseFollower): void {
    this.#followers.push(follower);
  }

  /** Takes the lease; what dead predecessors of this name held is free at once. */
  async start(): Promise<void> {
    this.#stopped = false;
    await this.#begin();
    this.#schedule(this.#options.renewMs);
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
    const { now, sinceMs } = await this.#time.read();
    const namesakes = await runAgain(() => database<HostRow>(HOSTS).where({ name }));
    const dead = this.#namesakes.findDead(namesakes, this.#lost, now);
    this.#incarnation = await inTransaction(database, async (trx) => {
      await trx<HostRow>(HOSTS).whereIn('incarnation', dead).delete();
      const [incarnation] = await trx(HOSTS).insert({
        ...{ name, pid: process.pid, process: processes.own },
        ...{ started_at: now, lease_until: now + leaseMs, lease_ms: leaseMs },
      });
      return Number(incarnation);
    });
    this.#abort = new AbortController();
    this.#holdUntil(sinceMs + leaseMs);
  }

  /** Whatever a renewal that hangs may still answer: when the lease runs out, its work is given up. */
  #holdUntil(atMs: number): void {
    this.#heldUntil = atMs;
    this.#cancelWatch?.();
    if (this.#stopped) return;
    this.#cancelWatch = this.#options.clock.after(atMs - this.#options.clock.monotonic(), () => {
      if (!this.isHeld()) this.#lose();
    });
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return;
    this.#cancelRenewal = this.#options.clock.after(delayMs, () => {
      this.#renewing = this.#renew().then(
        () => this.#renewed(),
        (error: unknown) => this.#failed(messageOf(error)),
      );
    });
  }

  #renewed(): void {
    this.#failure = undefined;
    this.#schedule(this.#options.renewMs);
  }

  /** Tells of each failure once: while a database is away there are two a second. */
  #failed(reason: string): void {
    if (reason !== this.#failure)
      this.#options.logger.warn({ reason }, 'the host lease could not be renewed');
    this.#failure = reason;
    this.#schedule(TRY_AGAIN_MS);
  }

  async #renew(): Promise<void> {
    const { database, leaseMs, logger } = this.#options;
    const incarnation = this.#incarnation;
    if (!this.isHeld()) this.#lose();
    const { now, sinceMs } = await this.#time.read();
    // While the row is there, nobody has taken our work over, whatever the database's clock says of our lease.
    const renewed = await runAgain(() =>
      database<HostRow>(HOSTS)
        .where({ incarnation })
        .update({ lease_until: now + leaseMs }),
    );
    // Who stops waits for this renewal, and gives up the lease that it has.
    if (this.#stopped) return;
    if (renewed === 1 && !this.#abort.signal.aborted) {
      this.#holdUntil(sinceMs + leaseMs);
      void this.#look();
      return;
    }
    this.#lose();
    await this.#begin();
    if (this.#stopped) return this.#abort.abort(new Error('the host stops'));
    logger.warn(
      { lost: incarnation, incarnation: this.#incarnation },
      'the host lease was lost; a new incarnation begins',
    );
    void this.#look();
  }

  #lose(): void {
    this.#heldUntil = -Infinity;
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
    const rows = await runAgain(() => database<HostRow>(HOSTS).whereNot({ incarnation: this.#incarnation }));
    // Read after the leases: who has renewed one by a time that is new to us is not judged by the old.
    await this.#time.read();
    const others: HostRow[] = [];
    for (const row of rows) if (!(await this.#hasEnded(row))) others.push(row);
    this.#namesakes.look(others);
    for (const follower of this.#followers) await follower.onRenewed();
    // The work of a host whose lease is not renewed should not wait for our turn.
    const now = this.now();
    const ends = others.map(({ lease_until }) => Number(lease_until)).filter((end) => end > now);
    const untilNextEnds = Math.min(...ends) - now + LOOK_AFTER_MS;
    this.#cancelLook?.();
    if (this.#stopped || untilNextEnds >= renewMs) return;
    this.#cancelLook = clock.after(untilNextEnds, () => void this.#look());
  }

  /**
   * Ends the lease of a host that has run out, unless it is renewed at this moment. Where the database's clock was set,
   * nobody is judged by a time that it did not know: forward, all have a lease's length to renew theirs; back, what
   * ends too late ends a lease's length from now.
   */
  async #hasEnded({ incarnation, lease_until, lease_ms }: HostRow): Promise<boolean> {
    const now = this.now();
    const leaseMs = Number(lease_ms ?? this.#options.leaseMs);
    const asSeen = this.#options.database<HostRow>(HOSTS).where({ incarnation, lease_until });
    if (Number(lease_until) > now + leaseMs + TOO_LONG_MS)
      await runAgain(() => asSeen.clone().update({ lease_until: now + leaseMs }));
    if (Number(lease_until) > now || this.#time.sinceSetForwardMs <= leaseMs) return false;
    return (await runAgain(() => asSeen.clone().delete())) === 1;
  }
}
