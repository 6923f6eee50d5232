import type { Clock } from '../clock/clock.js';
import type { Database } from '../database/database.js';
import { GlueError } from '../errors/glue-error.js';
import { loggedError } from '../errors/logged-error.js';
import type { Logger } from '../log/logger.js';
import type { RetryPolicy } from '../retry/retry-policy.js';
import { GroupCommit } from './group-commit.js';
import type { HostLease } from './host-lease.js';
import { withLessLog } from './less-log.js';
import { OwnWriteFailed } from './own-write.js';
import { settleWork, type Settlement, type SettleResult } from './settle-work.js';
import { refusedResult } from './untried-results.js';
import type { WorkItem, WorkSource } from './work-source.js';

export interface ResultWriterOptions<Item extends WorkItem> {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly lease: HostLease;
  readonly source: WorkSource<Item>;
}

/** Pause after the database failed to write a result, in milliseconds. */
const TROUBLE_PAUSE_MS = 500;
/** Results per transaction. */
const GROUP_SIZE = 200;

/** Writes results of attempts, many in one transaction, and logs one line per attempt. */
export class ResultWriter<Item extends WorkItem> {
  readonly #group: GroupCommit<Settlement, SettleResult>;
  /** For results that met a lock: they wait for it apart from all others. */
  readonly #locked: GroupCommit<Settlement, SettleResult>;

  constructor(private readonly options: ResultWriterOptions<Item>) {
    const { clock, database, source } = options;
    const overloaded = () => new GlueError('GLUE_STORE_UNAVAILABLE', 'too many results wait to be written');
    this.#group = new GroupCommit({
      clock,
      maxItems: GROUP_SIZE,
      commit: (group) => settleWork(database, source.table, group, { givesUpAtLock: true }),
      overloaded,
    });
    this.#locked = new GroupCommit({
      clock,
      maxItems: 1,
      commit: (group) => settleWork(database, source.table, group),
      overloaded,
    });
  }

  /**
   * Writes a result. Of one that the database refuses the log gives way first, since what was decided stands: a receiver
   * that accepted must not be called again. Where there is no less to write, or it is the effects that may be refused, it
   * becomes a failure, tried again by policy. Waits for a database that is away as long as the lease is held.
   * @returns what was written; undefined when it came too late or could not be written (the row goes on elsewhere)
   */
  async write(settlement: Settlement, retryPolicy: RetryPolicy): Promise<Settlement | undefined> {
    const { row } = settlement;
    const about = {
      queue: this.options.source.name,
      id: row.id,
      endpoint: row.endpointId,
      attempt: row.attempts,
    };
    let failures = 0;
    let isRefused = false;
    let group = this.#group;
    for (let wanted = settlement; ;) {
      try {
        return await this.#writeOnce(group, wanted, about);
      } catch (refused) {
        const error: unknown = refused instanceof OwnWriteFailed ? refused.cause : refused;
        failures += 1;
        // Once per result: a database that is away fails twice a second.
        if (failures === 1)
          this.options.logger.error({ ...about, ...loggedError(error) }, 'a result could not be written');
        const isLocked = refused instanceof GlueError && refused.code === 'GLUE_DATABASE_CONFLICT';
        // Waited for alone, it is most likely the handler's own write that cannot have its lock.
        const isInVain = isLocked && group === this.#locked && !wanted.effects.isEmpty;
        if (isLocked) group = this.#locked;
        const less = wanted.effects.isEmpty ? withLessLog(wanted) : undefined;
        if (refused instanceof GlueError && refused.retryable && !isInVain) await this.#pause();
        else if (less) wanted = less;
        else if (isRefused) return undefined;
        else {
          wanted = refusedResult(wanted, retryPolicy, error);
          isRefused = true;
        }
        if (!this.#isOurs(row.owner)) return undefined;
      }
    }
  }

  async #writeOnce(
    group: GroupCommit<Settlement, SettleResult>,
    settlement: Settlement,
    about: object,
  ): Promise<Settlement | undefined> {
    const { logger } = this.options;
    if ((await group.add(settlement)) === 'late') {
      logger.warn(about, 'a late result was refused');
      return undefined;
    }
    const { step, attempt } = settlement;
    const durationMs = attempt.endedAt - attempt.startedAt;
    // Without the note: a handler wrote it, or it is the message of what was thrown. It is kept in the row.
    logger.info({ ...about, state: step.state, cause: attempt.cause, durationMs }, 'attempt');
    return settlement;
  }

  #isOurs(owner: number): boolean {
    const { lease } = this.options;
    return owner === lease.incarnation && !lease.signal.aborted;
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => this.options.clock.after(TROUBLE_PAUSE_MS, resolve));
  }
}
