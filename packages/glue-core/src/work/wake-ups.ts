import type { Database } from '../database/database.js';
import { messageOf } from '../errors/glue-error.js';
import type { Logger } from '../log/logger.js';
import { nextDueAt } from './claim-work.js';
import type { HostLease } from './host-lease.js';
import type { RetryClock } from './retry-clock.js';
import type { WorkTable } from './work-table.js';

export interface WakeUpsOptions {
  readonly database: Database;
  readonly logger: Logger;
  readonly lease: HostLease;
  readonly retryClock: RetryClock;
  readonly source: { readonly name: string; readonly table: WorkTable };
}

/** Knows when the next item of each lane falls due, where that is known, and asks the retry clock to wake it then. */
export class WakeUps {
  readonly #nextDue = new Map<number, number>();
  readonly #asking = new Set<number>();

  constructor(private readonly options: WakeUpsOptions) {}

  /** Whether something that waits in the lane may be due: where it is known that nothing is, fresh work needs no look at retries. */
  mayBeDue(lane: number): boolean {
    return (this.#nextDue.get(lane) ?? 0) <= this.options.lease.now();
  }

  /** What was known of the lane may be so no more. */
  forget(lane: number): void {
    this.#nextDue.delete(lane);
  }

  /** The same of all lanes. */
  forgetAll(): void {
    this.#nextDue.clear();
  }

  /**
   * Looks when the lane's next item falls due, over all hosts' rows, and asks the clock to wake it then.
   * @returns when it falls due; Infinity when nothing waits
   */
  async ask(lane: number): Promise<number> {
    const { database, source, lease, retryClock } = this.options;
    const at = (await nextDueAt(database, source.table, lane)) ?? Infinity;
    if (at <= lease.now()) return at;
    this.#nextDue.set(lane, at);
    if (at !== Infinity) retryClock.wakeAt(source.name, lane, at);
    return at;
  }

  /**
   * Asks for a lane that has got a new retry. Many results share one question; the answer is the earliest due time
   * over all hosts' rows. Never rejects.
   * @returns whether to look at the lane now: one is due, or nobody knows
   */
  async askSoon(lane: number): Promise<boolean> {
    this.forget(lane);
    if (this.#asking.has(lane)) return false;
    this.#asking.add(lane);
    await new Promise((resolve) => setImmediate(resolve));
    this.#asking.delete(lane);
    try {
      return (await this.ask(lane)) <= this.options.lease.now();
    } catch (error) {
      const { logger, source } = this.options;
      logger.warn(
        { queue: source.name, endpoint: lane, reason: messageOf(error) },
        'no wake-up asked for; the next look at the lane will',
      );
      return true;
    }
  }
}
