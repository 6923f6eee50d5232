import type { Clock } from '../clock/clock.js';
import type { Database } from '../database/database.js';
import { databaseNow } from '../database/database-time.js';
import { inTransaction, runAgain } from '../database/in-transaction.js';
import { messageOf } from '../errors/glue-error.js';
import type { Logger } from '../log/logger.js';
import { HOSTS, type HostRow } from './host-table.js';

export interface HostLeaseOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Name of this host; equal after a restart. Two hosts that run at once need different names, or process ids. */
  readonly name: string;
  /** @defaultValue 12,000 ms */
  readonly leaseMs?: number;
  /** @defaultValue 3,000 ms */
  readonly renewMs?: number;
  /** The database's time; all hosts measure leases and due times by it. */
  readonly readTime?: (database: Database) => Promise<number>;
  /** Whether a process of this machine still runs. */
  readonly isRunning?: (pid: number) => boolean;
}

/** How long after a lease has run out to look, in milliseconds. */
const LOOK_AFTER_MS = 100;

interface Interval {
  readonly least: number;
  readonly most: number;
}

/** What follows the lease: called after each renewal, and when the lease is lost. */
export interface LeaseFollower {
  /** After each renewal; other hosts' leases may have run out. */
  onRenewed(): Promise<void>;
}

/**
 * The one lease of this host. Claims carry its incarnation; when it is lost, the work that it covers is aborted and
 * a new incarnation begins. The database's clock decides, so a host whose clock is off, or is set, harms nobody.
 */
export class HostLease {
  readonly #options: Required<HostLeaseOptions>;
  readonly #followers: LeaseFollower[] = [];
  #incarnation = 0;
  #heldUntil = 0;
  /** When the first lease of the other hosts runs out, unless it is renewed. */
  #othersEndAt = Infinity;
  /** By how much the database's time is ahead of our monotonic clock: at least, and at most. */
  #ahead: Interval | undefined;
  #abort = new AbortController();
  #cancelRenewal: (() => void) | undefined;
  #cancelWatch: (() => void) | undefined;
  #stopped = true;
  #renewing: Promise<void> = Promise.resolve();

  constructor(options: HostLeaseOptions) {
    this.#options = { leaseMs: 12_000, renewMs: 3_000, readTime: databaseNow, isRunning, ...options };
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
   * The shared time: what the database said last, and what has passed since. Unix milliseconds. Where the database took
   * long to answer it lags rather than leads, so that nobody is taken for dead who is not. Before the first answer: this
   * host's own time.
   */
  now(): number {
    const { clock } = this.#options;
    return this.#ahead ? clock.monotonic() + this.#ahead.least : clock.now();
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
  }

  /** Gives the lease up; what is still claimed is free for others at once. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelRenewal?.();
    this.#cancelWatch?.();
    await this.#renewing;
    this.#abort.abort(new Error('the host stops'));
    await this.#options.database<HostRow>(HOSTS).where({ incarnation: this.#incarnation }).delete();
  }

  async #begin(): Promise<void> {
    const { database, name, leaseMs } = this.#options;
    const now = await this.#readTime();
    this.#incarnation = await inTransaction(database, async (trx) => {
      const namesakes = await trx<HostRow>(HOSTS).where({ name }).select('incarnation', 'pid');
      const dead = namesakes.filter(({ pid }) => pid === process.pid || !this.#options.isRunning(pid));
      await trx<HostRow>(HOSTS)
        .whereIn(
          'incarnation',
          dead.map(({ incarnation }) => incarnation),
        )
        .delete();
      const [incarnation] = await trx(HOSTS).insert({
        name,
        pid: process.pid,
        started_at: now,
        lease_until: now + leaseMs,
      });
      return Number(incarnation);
    });
    this.#abort = new AbortController();
    this.#holdUntil(now + leaseMs);
    await this.#tellFollowers();
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
    this.#cancelRenewal = this.#options.clock.after(this.#untilNextLook(), () => {
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
    const now = await this.#readTime();
    const renewed = await runAgain(() =>
      database<HostRow>(HOSTS)
        .where({ incarnation })
        .where('lease_until', '>', now)
        .update({ lease_until: now + leaseMs }),
    );
    if (renewed === 1 && !this.#abort.signal.aborted) {
      this.#holdUntil(now + leaseMs);
      await this.#tellFollowers();
      return;
    }
    this.#lose();
    await this.#begin();
    logger.warn(
      { lost: incarnation, incarnation: this.#incarnation },
      'the host lease was lost; a new incarnation begins',
    );
  }

  /** The usual time, or when the next lease of another host runs out: its work should not wait for our turn. */
  #untilNextLook(): number {
    const { renewMs } = this.#options;
    const untilOthersEnd = this.#othersEndAt - this.now() + LOOK_AFTER_MS;
    return Math.min(renewMs, Math.max(LOOK_AFTER_MS, untilOthersEnd));
  }

  #lose(): void {
    this.#heldUntil = 0;
    this.#abort.abort(new Error('the host lease was lost'));
  }

  async #tellFollowers(): Promise<void> {
    const { database } = this.#options;
    const others = database<HostRow>(HOSTS).whereNot({ incarnation: this.#incarnation });
    await runAgain(() => others.clone().where('lease_until', '<=', this.now()).delete());
    const next = await others.clone().min({ at: 'lease_until' }).first<{ at: number | null } | undefined>();
    this.#othersEndAt = Number(next?.at ?? Infinity);
    for (const follower of this.#followers) await follower.onRenewed();
  }

  async #readTime(): Promise<number> {
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

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
