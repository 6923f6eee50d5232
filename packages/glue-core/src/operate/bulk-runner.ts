import type { Clock } from '../clock/clock.js';
import type { Database } from '../database/database.js';
import { GlueError } from '../errors/glue-error.js';
import { loggedError } from '../errors/logged-error.js';
import type { Logger } from '../log/logger.js';
import type { HostLease, LeaseFollower } from '../work/host-lease.js';
import { BULK_MOVES, type BulkMoveRow } from './bulk-move-table.js';
import { makeBulkStep } from './bulk-step.js';
import { failBulkMove } from './fail-bulk-move.js';
import type { FilteredWork, MoveRules } from './operated-work.js';

/** After a step that failed the next is tried so much later, in milliseconds. */
const AFTER_FAILURE_MS = 5_000;
/** Steps of one bulk move that fail in a row on one host before it is given up. */
const MAX_FAILURES = 5;

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
  /** By id, the bulk moves whose last step here failed. */
  readonly #failed = new Map<string, { readonly times: number; readonly untilMs: number }>();
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
          { side: work.side, ...loggedError(error) },
          'bulk moves could not be looked at; it is tried again',
        );
      })
      .finally(() => {
        this.#looking = undefined;
        if (this.#again) this.look();
      });
  }

  async #makeSteps(): Promise<void> {
    const { database, work } = this.options;
    const running = await database<BulkMoveRow>(BULK_MOVES)
      .where({ state: 'running', side: work.side })
      .orderBy('id')
      .select('id');
    if (running.length === 0) return;
    const rules = await work.rules();
    let nextAt = Infinity;
    for (const { id } of running) nextAt = Math.min(nextAt, await this.#makeStep(id, rules));
    this.#comeBackAt(nextAt);
  }

  /** @returns when the next step may be made */
  async #makeStep(id: string, rules: MoveRules): Promise<number> {
    const { database, work, lease, wake } = this.options;
    const { untilMs = 0 } = this.#failed.get(id) ?? {};
    const waitMs = untilMs - lease.now();
    // Longer waits were dated before the database's clock was set back.
    if (waitMs > 0 && waitMs <= AFTER_FAILURE_MS) return untilMs;
    try {
      const step = await makeBulkStep(database, work, rules, id, lease.now());
      this.#failed.delete(id);
      if (step.kind === 'made') step.lanes.forEach(wake);
      return step.kind === 'made' || step.kind === 'waits' ? step.dueAt : Infinity;
    } catch (error) {
      return await this.#afterFailure(id, error);
    }
  }

  /** One that cannot be made harms no other: it is tried again a few times, then given up. */
  async #afterFailure(id: string, error: unknown): Promise<number> {
    const { database, work, lease, logger } = this.options;
    // A database that is away says nothing against the bulk move.
    const counts = !(error instanceof GlueError && error.retryable);
    const times = (this.#failed.get(id)?.times ?? 0) + (counts ? 1 : 0);
    const untilMs = lease.now() + AFTER_FAILURE_MS;
    const logged = { side: work.side, bulkMove: id, ...loggedError(error) };
    this.#failed.set(id, { times, untilMs });
    if (times < MAX_FAILURES) {
      logger.warn(logged, 'a step of a bulk move failed; it is made again');
      return untilMs;
    }
    logger.error(logged, 'a step of a bulk move failed again and again; the bulk move is given up');
    const failure = `a step failed ${times} times in a row: ${logged.reason}; the log has more`;
    await failBulkMove(database, work, id, failure, lease.now());
    this.#failed.delete(id);
    return Infinity;
  }

  #comeBackAt(atMs: number): void {
    this.#cancelTimer?.();
    if (!this.#started || atMs === Infinity) return;
    const { clock, lease } = this.options;
    this.#cancelTimer = clock.after(Math.max(0, atMs - lease.now()), () => this.look());
  }
}
