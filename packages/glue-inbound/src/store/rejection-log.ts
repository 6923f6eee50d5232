import { GroupCommit, inTransaction, newId, type Clock, type Database, type Logger } from 'glue-core';
import type { EventHeaders } from '../process/inbound-event.js';
import type { RejectionCause } from '../receive/refusal.js';
import { DETAIL_LENGTH, PATH_LENGTH, REJECTIONS } from './tables.js';

/** One inbound request that was refused. */
export interface NewRejection {
  readonly cause: RejectionCause;
  readonly detail: string;
  readonly path: string;
  readonly endpointId?: number;
  /** Redacted already. */
  readonly headers: EventHeaders;
  readonly body?: Buffer;
  readonly remoteAddress?: string;
}

export interface Rejection {
  readonly id: string;
  readonly endpointId: number | undefined;
  readonly path: string;
  readonly cause: RejectionCause;
  readonly detail: string;
  /** Unix milliseconds. */
  readonly at: number;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** The first bytes of the body, where it was read. */
  readonly bodyExcerpt: Buffer | undefined;
  readonly remoteAddress: string | undefined;
}

interface RejectionRow {
  id: string;
  endpoint_id: number | null;
  path: string;
  cause: RejectionCause;
  detail: string;
  at: number;
  headers: string;
  body: Buffer | null;
  remote_address: string | null;
}

export interface RejectionLogOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Rejections kept per second and endpoint; the rest of a flood is only counted. @defaultValue 20 */
  readonly keptPerSecond?: number;
}

const BODY_BYTES = 1_024;
const HEADER_COUNT = 40;
const HEADER_LENGTH = 256;
const MAX_WAITING = 1_000;

/** Keeps refused requests, redacted and cut: best effort, and never more than a bounded rate. */
export class RejectionLog {
  readonly #group: GroupCommit<RejectionRow, void>;
  readonly #keptPerSecond: number;
  #second = 0;
  #keptNow = new Map<number, number>();
  #dropped = 0;

  constructor(private readonly options: RejectionLogOptions) {
    const { database, clock, keptPerSecond = 20 } = options;
    this.#keptPerSecond = keptPerSecond;
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
    if (!this.#isWithinRate(rejection.endpointId ?? 0)) return void (this.#dropped += 1);
    // The database's message can repeat headers: it is not logged.
    this.#group.add(rowOf(rejection, this.options.clock.now())).catch(() => {
      this.#dropped += 1;
      this.options.logger.debug({ cause: rejection.cause }, 'a rejection was not kept');
    });
  }

  /** The latest first. */
  async list({ endpointId, limit = 50 }: { endpointId?: number; limit?: number } = {}): Promise<Rejection[]> {
    const query = this.options.database<RejectionRow>(REJECTIONS).orderBy([
      { column: 'at', order: 'desc' },
      { column: 'id', order: 'desc' },
    ]);
    if (endpointId !== undefined) void query.where({ endpoint_id: endpointId });
    return (await query.limit(limit)).map(rejectionOf);
  }

  /** Resolves when nothing waits to be stored. */
  idle(): Promise<void> {
    return this.#group.idle();
  }

  #isWithinRate(endpointId: number): boolean {
    const second = Math.floor(this.options.clock.now() / 1000);
    if (second !== this.#second) this.#keptNow = new Map();
    this.#second = second;
    const kept = this.#keptNow.get(endpointId) ?? 0;
    this.#keptNow.set(endpointId, kept + 1);
    return kept < this.#keptPerSecond;
  }
}

function rowOf(rejection: NewRejection, now: number): RejectionRow {
  return {
    id: newId(),
    endpoint_id: rejection.endpointId ?? null,
    path: rejection.path.slice(0, PATH_LENGTH),
    cause: rejection.cause,
    detail: rejection.detail.slice(0, DETAIL_LENGTH),
    at: now,
    headers: JSON.stringify(cutHeaders(rejection.headers)),
    body: rejection.body?.subarray(0, BODY_BYTES) ?? null,
    remote_address: rejection.remoteAddress?.slice(0, 64) ?? null,
  };
}

function cutHeaders(headers: Rejection['headers']): Rejection['headers'] {
  return Object.fromEntries(
    Object.entries(headers)
      .slice(0, HEADER_COUNT)
      .map(([name, values]) => [name, values.slice(0, 4).map((value) => value.slice(0, HEADER_LENGTH))]),
  );
}

function rejectionOf(row: RejectionRow): Rejection {
  return {
    id: row.id,
    endpointId: row.endpoint_id ?? undefined,
    path: row.path,
    cause: row.cause,
    detail: row.detail,
    at: Number(row.at),
    headers: JSON.parse(row.headers) as Rejection['headers'],
    bodyExcerpt: row.body ?? undefined,
    remoteAddress: row.remote_address ?? undefined,
  };
}
