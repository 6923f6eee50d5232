import { GlueError, GroupCommit, inTransaction, type Clock, type Database, type Logger } from 'glue-core';
import type { RejectionCause } from '../receive/refusal.js';
import { rejectionOf, rowOf, type NewRejection, type Rejection, type RejectionRow } from './rejection-row.js';
import { RejectionSample } from './rejection-sample.js';
import { REJECTIONS } from './tables.js';

export interface RejectionLogOptions {
  readonly database: Database;
  readonly clock: Clock;
  /** The shared time, Unix milliseconds. */
  readonly now: () => number;
  readonly logger: Logger;
}

/** Which rejections; times are Unix milliseconds. */
export interface RejectionFilter {
  readonly endpointId?: number;
  readonly cause?: RejectionCause;
  /** Refused then or later. */
  readonly since?: number;
  /** Refused before. */
  readonly until?: number;
  /** Only those older than this one: the last of the page before. */
  readonly before?: string;
  /** @defaultValue 50 */
  readonly limit?: number;
}

const MAX_WAITING = 1_000;

/** Keeps refused requests, redacted and cut: best effort, and never more than a bounded rate. */
export class RejectionLog {
  readonly #group: GroupCommit<RejectionRow, void>;
  readonly #sample = new RejectionSample();
  #dropped = 0;

  constructor(private readonly options: RejectionLogOptions) {
    const { database, clock } = options;
    this.#group = new GroupCommit({
      clock,
      maxWaiting: MAX_WAITING,
      commit: async (rows) => {
        await inTransaction(database, (trx) => trx<RejectionRow>(REJECTIONS).insert([...rows]));
        return rows.map(() => undefined);
      },
      overloaded: () => new Error('too many rejections wait to be stored'),
    });
  }

  /** Rejections of this process that were not kept. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Keeps a rejection, sooner or later or not at all; nobody waits for it. */
  record(rejection: NewRejection): void {
    const { clock, now, logger } = this.options;
    const bucket = rejection.endpointId ?? 0;
    const droppedBefore = this.#sample.take(bucket, clock.monotonic());
    if (droppedBefore === undefined) return void (this.#dropped += 1);
    // The database's message can repeat headers: it is not logged.
    this.#group.add(rowOf(rejection, now(), droppedBefore)).catch(() => {
      this.#dropped += 1;
      this.#sample.drop(bucket, droppedBefore + 1);
      logger.debug({ cause: rejection.cause }, 'a rejection was not kept');
    });
  }

  /** The latest first; ids are in order of time. */
  async list(filter: RejectionFilter = {}): Promise<Rejection[]> {
    const { endpointId, cause, since, until, before, limit = 50 } = filter;
    const query = this.options.database<RejectionRow>(REJECTIONS).orderBy('id', 'desc').limit(limit);
    if (endpointId !== undefined) void query.where({ endpoint_id: endpointId });
    if (cause !== undefined) void query.where({ cause });
    if (since !== undefined) void query.where('at', '>=', since);
    if (until !== undefined) void query.where('at', '<', until);
    if (before !== undefined) void query.where('id', '<', before);
    return (await query).map(rejectionOf);
  }

  /** @throws GLUE_REJECTION_NOT_FOUND */
  async get(id: string): Promise<Rejection> {
    const row = await this.options.database<RejectionRow>(REJECTIONS).where({ id }).first();
    if (!row) throw new GlueError('GLUE_REJECTION_NOT_FOUND', `there is no rejection ${id}`);
    return rejectionOf(row);
  }

  /** Resolves when nothing waits to be stored. */
  idle(): Promise<void> {
    return this.#group.idle();
  }
}
