import type { Clock } from '../clock/clock.js';
import type { Database } from '../database/database.js';
import { messageOf } from '../errors/glue-error.js';
import type { Logger } from '../log/logger.js';
import type { HostLease, LeaseFollower } from '../work/host-lease.js';
import { BULK_MOVES, type BulkMoveRow } from './bulk-move-table.js';
import { makeBulkStep } from './bulk-step.js';
import type { FilteredWork } from './operated-work.js';

export interface BulkRunnerOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly lease: HostLease;
  readonly work: FilteredWork;
  /** Tells the queue of this host that a lane has work, or a free ordering key. */
  readonly wake: (lane: number) => void;
}

/**
 * Makes the steps of a side's bulk moves while this host runs. It looks when one is started here, when the change feed
 * tells of work that was moved, and at each renewal of the lease; so whichever host began one, another goes on with it.
 */
export class BulkRunner implements LeaseFollower {
  #started = false;
  #cancelTimer: (() => void) | undefined;
  #looking: Promise<void> | undefined;
  /** Something was started while it looked. */
  #again = false;

  constructor(private readonly options: BulkRunnerOptions) {
    options.lease.follow(this);
  }

  start(): void {
    this.#started = true;
    this.look();
  }

  /** Makes no more steps; resolves when the one that is being made is over. */
  async stop(): Promise<void> {
    this.#started = false;
    this.#cancelTimer?.();
    await this.idle();
  }

  /** Resolves when no step is being made. */
  async idle(): Promise<void> {
    while (this.#looking) await this.#looking;
  }

  async onRenewed(): Promise<void> {
    this.look();
  }

  /** Makes a step of every bulk move whose next is due, and comes back for the rest. */
  look(): void {
    if (!this.#started) return;
    this.#again = this.#looking !== undefined;
    if (this.#again) return;
    this.#looking = this.#makeSteps()
      .catch((error: unknown) => {
        const { logger, work } = this.options;
        logger.warn(
          { side: work.side, reason: messageOf(error) },
          'a step of a bulk move failed; it is made again',
        );
      })
      .finally(() => {
        this.#looking = undefined;
        if (this.#again) this.look();
      });
  }

  async #makeSteps(): Promise<void> {
    const { database, work, lease, wake } = this.options;
    const running = await database<BulkMoveRow>(BULK_MOVES)
      .where({ state: 'running', side: work.side })
      .orderBy('id')
      .select('id');
    if (running.length === 0) return;
    const rules = await work.rules();
    let nextAt = Infinity;
    for (const { id } of running) {
      const step = await makeBulkStep(database, work, rules, id, lease.now());
      if (step.kind === 'made') step.lanes.forEach(wake);
      if (step.kind === 'made' || step.kind === 'waits') nextAt = Math.min(nextAt, step.dueAt);
    }
    this.#comeBackAt(nextAt);
  }

  #comeBackAt(atMs: number): void {
    this.#cancelTimer?.();
    if (!this.#started || atMs === Infinity) return;
    const { clock, lease } = this.options;
    this.#cancelTimer = clock.after(Math.max(0, atMs - lease.now()), () => this.look());
  }
}
